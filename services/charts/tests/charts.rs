//! Charts as they are drawn: snapshots for review, hostile names, numbers without a meaning.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use accord_charts::{
    Bar, CertifiedThreshold, InvalidChart, MAXIMUM_BARS, MAXIMUM_CURVES, MAXIMUM_SIDE, NamedCurve, PairCell,
    ReliabilityPoint, RiskPoint, agreement_matrix, bars, confusion_matrix, correlation_matrix, reliability_diagram,
    risk_coverage_comparison, risk_coverage_curve,
};

/// One element a line, so that a change is seen where it is.
fn lines(chart: &str) -> String {
    chart.replace("><", ">\n<")
}

fn point(mean_probability: f64, observed: f64, count: u64) -> ReliabilityPoint {
    ReliabilityPoint {
        mean_probability,
        observed,
        interval: [(observed - 0.08).max(0.0), (observed + 0.05).min(1.0)],
        consistency: [(mean_probability - 0.1).max(0.0), (mean_probability + 0.1).min(1.0)],
        count,
    }
}

fn certified() -> CertifiedThreshold {
    CertifiedThreshold {
        threshold: 0.962,
        coverage: 0.78,
        confidence: 0.95,
        errors: 2,
        accepted: 628,
    }
}

const CURVE: [RiskPoint; 3] = [
    RiskPoint {
        coverage: 1.0,
        risk: 0.031,
    },
    RiskPoint {
        coverage: 0.4,
        risk: 0.0,
    },
    RiskPoint {
        coverage: 0.78,
        risk: 0.0032,
    },
];

fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("annotator {index}")).collect()
}

fn pairs(count: usize, value: Option<f64>) -> Vec<Vec<PairCell>> {
    vec![vec![PairCell { value, items: 7 }; count]; count]
}

/// Names that would break out of the chart, or make it unreadable.
fn hostile_names() -> Vec<String> {
    [
        "</text></svg><script>alert(1)</script>".to_owned(),
        "\" onload=\"alert(1)".to_owned(),
        "a & b < c > d ' e".to_owned(),
        "\u{202E}reversed\u{0}\u{1B}[31m\n\tlines".to_owned(),
        "x".repeat(10_000),
        "e\u{301}".repeat(5_000),
        "人".repeat(300),
        String::new(),
    ]
    .into()
}

/// Every tag that is opened is one that charts use, and no attribute runs anything.
fn assert_harmless(chart: &str) {
    const TAGS: [&str; 11] = [
        "svg", "title", "desc", "g", "line", "polyline", "rect", "circle", "text", "path", "defs",
    ];
    for piece in chart.split('<').skip(1) {
        let name = piece.trim_start_matches('/');
        let end = name.find([' ', '>', '/']).unwrap_or(name.len());
        assert!(TAGS.contains(&&name[..end]), "unexpected tag: {piece}");
        let tag = &piece[..piece.find('>').unwrap()];
        assert!(
            !tag.contains(" on") && !tag.contains("style=") && !tag.contains("href"),
            "{tag}"
        );
    }
    assert_eq!(chart.matches("<g>").count(), chart.matches("</g>").count());
    assert!(
        !chart
            .chars()
            .any(|character| character.is_control() || character == '\u{202E}')
    );
    assert!(!chart.contains("NaN") && !chart.contains("inf"));
}

#[test]
fn a_reliability_diagram_with_few_points_has_no_curve() {
    let chart = reliability_diagram("Total", &[point(0.9, 0.88, 1200), point(0.55, 0.4, 30)]).unwrap();
    assert!(!chart.contains("curve"));
    insta::assert_snapshot!(lines(&chart));
}

#[test]
fn a_reliability_diagram_from_five_points_on_has_one() {
    let points: Vec<ReliabilityPoint> = (0..5)
        .map(|step| point(0.955 + 0.01 * f64::from(step), 0.95, 9))
        .collect();
    let chart = reliability_diagram("Total", &points).unwrap();
    assert!(chart.contains(r#"class="curve""#));
    insta::assert_snapshot!(lines(&chart));
}

#[test]
fn counts_that_have_no_room_are_left_to_the_table() {
    let points: Vec<ReliabilityPoint> = (0..30)
        .map(|step| point(0.01 * f64::from(step), 0.2, 123_456))
        .collect();
    let chart = reliability_diagram("Total", &points).unwrap();
    assert!(!chart.contains(r#"class="count""#));
    assert_harmless(&chart);
}

#[test]
fn a_risk_coverage_curve_marks_the_certified_threshold() {
    let chart = risk_coverage_curve("Total", &CURVE, 0.01, Some(certified())).unwrap();
    assert!(chart.contains("threshold 0.962 → 78 % accepted, error ≤ 1.0 % with 95 % confidence (2 of 628)"));
    insta::assert_snapshot!(lines(&chart));
}

fn named_curves(count: usize) -> Vec<NamedCurve> {
    let curve = |number: usize| NamedCurve {
        name: format!("method {number}"),
        points: CURVE.to_vec(),
    };
    (0..count).map(curve).collect()
}

#[test]
fn risk_coverage_curves_are_told_apart_by_pattern_and_name() {
    let chart = risk_coverage_comparison("Total", &named_curves(MAXIMUM_CURVES), 0.01).unwrap();
    for number in 0..MAXIMUM_CURVES {
        assert_eq!(
            chart.matches(&format!("curve-{number}\"")).count(),
            2,
            "curve and legend"
        );
        assert!(chart.contains(&format!(">method {number}</text>")));
    }
    assert!(
        chart.contains("With at most 1.0 % errors method 0 takes 78 %"),
        "{chart}"
    );
    assert!(risk_coverage_comparison("", &[], 0.01).is_err());
    assert!(risk_coverage_comparison("", &named_curves(MAXIMUM_CURVES + 1), 0.01).is_err());
    assert!(risk_coverage_comparison("", &named_curves(1), 1.5).is_err());
    let mut hostile = named_curves(1);
    hostile[0].name = "</svg><script>".to_owned();
    assert!(
        !risk_coverage_comparison("", &hostile, 0.01)
            .unwrap()
            .contains("<script")
    );
    hostile[0].points.clear();
    assert!(risk_coverage_comparison("", &hostile, 0.01).is_err());
}

#[test]
fn a_risk_coverage_curve_says_that_nothing_is_certified() {
    let chart = risk_coverage_curve("Total", &CURVE, 0.01, None).unwrap();
    assert!(chart.contains("no threshold holds the target"));
    assert!(!chart.contains(r#"class="certified""#));
    insta::assert_snapshot!(lines(&chart));
}

#[test]
fn an_agreement_matrix_holds_coefficients_above_and_items_below() {
    let mut cells = pairs(3, Some(0.5));
    cells[0][2] = PairCell {
        value: Some(-0.25),
        items: 12,
    };
    cells[1][2] = PairCell { value: None, items: 0 };
    let chart = agreement_matrix("Kappa", &names(3), &cells).unwrap();
    insta::assert_snapshot!(lines(&chart));
}

#[test]
fn a_large_matrix_is_cut_and_says_so() {
    for draw in [agreement_matrix, correlation_matrix] {
        let chart = draw("Kappa", &names(1500), &pairs(1500, Some(0.5))).unwrap();
        assert!(chart.contains("12 of 1,500"), "{chart}");
        assert!(chart.contains("annotator 11") && !chart.contains("annotator 12"));
        assert_eq!(chart.matches(r#"class="cell "#).count(), MAXIMUM_SIDE * MAXIMUM_SIDE);
    }
}

#[test]
fn a_confusion_matrix_shades_by_row() {
    let classes = ["spam".to_owned(), "ham".to_owned()];
    let chart = confusion_matrix("Label", &classes, &[vec![9, 1], vec![0, 40]]).unwrap();
    insta::assert_snapshot!(lines(&chart));
}

#[test]
fn bars_are_as_long_as_their_numbers() {
    let bar = |name: &str, value: f64, chosen| Bar {
        name: name.to_owned(),
        value,
        text: format!("{value:.3}"),
        chosen,
    };
    let chart = bars("Log loss", &[bar("base rate", 0.4, false), bar("Platt", 0.2, true)]).unwrap();
    insta::assert_snapshot!(lines(&chart));
    let many = vec![bar("one", 0.0, false); MAXIMUM_BARS + 3];
    assert!(bars("Log loss", &many).unwrap().contains("20 of 23 shown"));
}

#[test]
fn long_names_stand_whole_above_their_bars() {
    let bar = |name: &str, value: f64, chosen| Bar {
        name: name.to_owned(),
        value,
        text: format!("{value:.3}"),
        chosen,
    };
    let longest = "log-odds weights with family discount, Platt on the share";
    let chart = bars(
        "Log loss",
        &[bar("stacking, beta", 0.4, false), bar(longest, 0.2, true)],
    )
    .unwrap();
    insta::assert_snapshot!(lines(&chart));
}

#[test]
fn hostile_names_stay_names() {
    let names = hostile_names();
    let count = names.len();
    let counts = vec![vec![3_u64; count]; count];
    let rows: Vec<Bar> = names
        .iter()
        .map(|name| Bar {
            name: name.clone(),
            value: 1.0,
            text: name.clone(),
            chosen: false,
        })
        .collect();
    for title in &names {
        let charts = [
            reliability_diagram(title, &[point(0.5, 0.5, 1)]).unwrap(),
            risk_coverage_curve(title, &CURVE, 0.01, None).unwrap(),
            agreement_matrix(title, &names, &pairs(count, None)).unwrap(),
            correlation_matrix(title, &names[..2], &pairs(2, Some(0.1))).unwrap(),
            confusion_matrix(title, &names, &counts).unwrap(),
            bars(title, &rows).unwrap(),
        ];
        for chart in &charts {
            assert_harmless(chart);
        }
    }
}

#[test]
fn nothing_to_draw_is_said() {
    let empty = |result: Result<String, InvalidChart>| matches!(result, Err(InvalidChart::Empty { .. }));
    assert!(empty(reliability_diagram("", &[])));
    assert!(empty(risk_coverage_curve("", &[], 0.01, None)));
    assert!(empty(agreement_matrix("", &names(1), &pairs(1, None))));
    assert!(empty(confusion_matrix("", &[], &[])));
    assert!(empty(bars("", &[])));
}

#[test]
fn numbers_without_a_meaning_are_named() {
    let told = |result: Result<String, InvalidChart>| result.unwrap_err().to_string();
    let good = point(0.5, 0.5, 1);
    assert_eq!(
        told(reliability_diagram(
            "",
            &[
                good,
                ReliabilityPoint {
                    observed: f64::NAN,
                    ..good
                }
            ]
        )),
        "`observed` at position 1 must be a number from 0 to 1, it is NaN"
    );
    let reversed = ReliabilityPoint {
        interval: [0.9, 0.1],
        ..good
    };
    assert!(told(reliability_diagram("", &[reversed])).contains("lower end first"));
    assert!(told(reliability_diagram("", &[ReliabilityPoint { count: 0, ..good }])).contains("`count`"));
    let endless = CertifiedThreshold {
        threshold: f64::INFINITY,
        ..certified()
    };
    assert!(told(risk_coverage_curve("", &CURVE, 0.01, Some(endless))).contains("`threshold`"));
    assert!(told(risk_coverage_curve("", &CURVE, 1.5, None)).contains("`target`"));
    assert!(told(agreement_matrix("", &names(2), &pairs(2, Some(1.5)))).contains("from -1 to 1"));
    assert_eq!(
        told(agreement_matrix("", &names(3), &pairs(2, None))),
        "expected 3 rows, found 2"
    );
    assert!(told(confusion_matrix("", &names(2), &[vec![1, 2], vec![3]])).contains("columns"));
    let bar = Bar {
        name: "a".to_owned(),
        value: -1.0,
        text: String::new(),
        chosen: false,
    };
    assert!(told(bars("", &[bar])).contains("`value`"));
}
