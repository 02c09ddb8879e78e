//! placeholder
/// `3 days`, for sentences.
pub fn span(seconds: i64) -> String {
    let (n, unit) = match seconds.abs() {
        s if s < 120 => (s, "second"),
        s if s < 7_200 => (s / 60, "minute"),
        s if s < 172_800 => (s / 3_600, "hour"),
        s => (s / 86_400, "day"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}
