//! The rules of this crate, tested the way that anybody tests theirs.

#[test]
fn rules() {
    detect::testing::Suite::dir(".")
        .require(detect::rule_lang::TestKind::ALL)
        .deny_warnings()
        .run()
        .assert_passed();
}
