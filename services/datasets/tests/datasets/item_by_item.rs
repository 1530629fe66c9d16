//! Labels item by item: the same as all votes say, or nothing.

use std::path::Path;
use std::sync::Arc;

use accord_datasets::table_file::ReadOptions;
use accord_datasets::vote_file::{ItemByItem, read_item_by_item, read_votes};
use arrow_array::{ArrayRef, Int8Array, Int16Array, Int32Array};
use proptest::prelude::*;

use super::vote_files::{file, parquet};

/// What is told of the file, and the labels of each item in the order of labels.
fn read(path: &Path, few_annotators: usize) -> Option<(ItemByItem, Vec<Vec<u16>>)> {
    let mut rows: Vec<Vec<u16>> = Vec::new();
    let options = ReadOptions::default();
    let told = read_item_by_item(path, options, few_annotators, &mut |_| {}, &mut |labels| {
        rows.push(labels.to_vec());
    })?;
    for label in rows.iter_mut().flatten() {
        *label = told.new_labels[usize::from(*label)];
    }
    Some((told, rows))
}

proptest! {
    #[test]
    fn items_are_told_as_all_votes_tell_them(
        rows in prop::collection::vec((0_i32..9, -3_i16..60, -2_i8..4, 1_usize..4), 1..60),
        is_sorted in prop::sample::select(vec![true, true, true, false]),
        may_repeat in prop::sample::select(vec![true, false, false, false]),
        few_annotators in prop::sample::select(vec![0_usize, 10]),
        rows_per_batch in prop::sample::select(vec![3_usize, 100]),
    ) {
        let mut rows: Vec<(i32, i16, i8)> = rows
            .into_iter()
            .flat_map(|(item, annotator, label, times)| (0..times as i16).map(move |more| (item, annotator + 7 * more, label)))
            .collect();
        if is_sorted {
            rows.sort_by_key(|row| row.0);
        }
        if !may_repeat {
            let mut seen = std::collections::BTreeSet::new();
            rows.retain(|row| seen.insert((row.0, row.1)));
        }
        let lines: String = rows.iter().map(|(item, annotator, label)| format!("{item},{annotator},{label}\n")).collect();
        let (_folder, csv) = file("votes.csv", format!("item,annotator,label\n{lines}"));
        let columns: Vec<(&'static str, ArrayRef)> = vec![
            ("item", Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.0)))),
            ("annotator", Arc::new(Int16Array::from_iter_values(rows.iter().map(|row| row.1)))),
            ("label", Arc::new(Int8Array::from_iter_values(rows.iter().map(|row| row.2)))),
        ];
        let (_other, columns) = file("votes.parquet", parquet(columns, rows_per_batch));

        let mut items: Vec<i32> = rows.iter().map(|row| row.0).collect();
        items.dedup();
        let stands_together = items.len() == items.iter().collect::<std::collections::BTreeSet<_>>().len();
        let all = read_votes(&csv, ReadOptions::default(), &mut |_| {});
        let expected = all.ok().filter(|all| stands_together && all.annotators.len() > few_annotators);
        for path in [csv, columns] {
            let found = read(&path, few_annotators);
            let (Some((told, found)), Some(all)) = (&found, &expected) else {
                prop_assert!(found.is_none() && expected.is_none(), "{}", path.display());
                continue;
            };
            let field = &all.fields[0];
            prop_assert_eq!(
                (told.items, told.votes, told.annotators),
                (all.items.len(), all.votes(), all.annotators.len())
            );
            prop_assert!(told.labels.iter().eq(field.labels.iter()));
            let rows = field.starts.windows(2).map(|pair| &field.label_ids[pair[0] as usize..pair[1] as usize]);
            prop_assert!(rows.eq(found.iter().map(Vec::as_slice)));
        }
    }
}

#[test]
fn what_asks_for_more_is_left_to_others() {
    for content in [
        "item,annotator,label,field\n1,a,x,f\n",
        "item,annotator,label,weight\n1,a,x,1\n",
        "item,annotator,label\n1,a,\n",
        "item,annotator,label\n1,a\n",
        "item,annotator,label\n",
        "item,label\n1,x\n",
    ] {
        let (_folder, path) = file("votes.csv", content);
        assert!(read(&path, 0).is_none(), "{content}");
    }
    assert!(read(Path::new("no such file.csv"), 0).is_none());
    assert!(read(Path::new("-"), 0).is_none());
}

#[test]
fn few_annotators_are_noticed_early() {
    let mut handed_on = 0;
    let rows = (0..200_000).map(|row| format!("{},{},x\n", row / 5, row % 5));
    let (_folder, path) = file(
        "votes.csv",
        format!("item,annotator,label\n{}", rows.collect::<String>()),
    );
    let told = read_item_by_item(&path, ReadOptions::default(), 5, &mut |_| {}, &mut |_| handed_on += 1);
    assert!(told.is_none());
    assert!(handed_on < 10_000, "{handed_on}");
}
