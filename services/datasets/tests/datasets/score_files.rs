//! Files of scores.

use accord_datasets::score_file::{ScoreFile, read_scores};
use accord_datasets::table_file::{ReadError, ReadOptions};

fn read(content: &str, options: ReadOptions) -> Result<ScoreFile, ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    std::fs::write(&path, content).unwrap();
    read_scores(&path, options, &mut |_| {})
}

#[test]
fn scores_come_with_what_is_known_about_them() {
    let content = "score,correct,document,field,propensity,id,votes\n0.25,1,a,total,0.5,r1,4\n-3e2,false,a,date,1,r2,5\n7,TRUE,b,total,1,r3,2.5\n";
    let file = read(content, ReadOptions::default()).unwrap();
    assert_eq!(file.scores, [0.25, -300.0, 7.0]);
    assert_eq!(file.correct.unwrap(), [true, false, true]);
    assert_eq!(file.documents.unwrap().ids, [0, 0, 1]);
    assert_eq!(file.votes.unwrap(), [4.0, 5.0, 2.5]);
    assert_eq!(file.propensities.unwrap(), [0.5, 1.0, 1.0]);
    assert_eq!(file.fields.unwrap().names.text(1), "date");
    assert_eq!(file.ids.unwrap().get(2).unwrap().to_string(), "r3");
    let bare = read("score\n0.5\n", ReadOptions::default()).unwrap();
    assert!(bare.correct.is_none() && bare.documents.is_none());
    assert_eq!(bare.scores, [0.5]);
}

#[test]
fn bad_scores_are_named_and_leave_no_trace() {
    let content = "score,correct,propensity\n0.5,1,1\nhigh,1,1\n0.5,2,1\n0.5,,1\nnan,1,1\n0.5,0,0\n0.25,0,0.5\n";
    let complaint = read(content, ReadOptions::default()).unwrap_err().to_string();
    for part in [
        "line 3: column `score` is `high`, expected a finite number",
        "line 4: column `correct` is `2`, expected 1 or 0, or true or false",
        "line 5: column `correct` is empty",
        "line 6: column `score` is `nan`",
        "line 7: column `propensity` is `0`, expected a number above 0 and at most 1",
    ] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
    let options = ReadOptions {
        skip_bad_rows: true,
        ..ReadOptions::default()
    };
    let file = read(content, options).unwrap();
    assert_eq!(file.scores, [0.5, 0.25]);
    assert_eq!(file.correct.unwrap(), [true, false]);
    assert_eq!(file.propensities.unwrap(), [1.0, 0.5]);
    assert_eq!(file.skipped.total(), 5);
}
