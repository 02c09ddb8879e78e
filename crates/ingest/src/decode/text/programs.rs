//! Which log a program's lines are: `mapping/programs.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::normalise::table::rows;

const TABLE: &str = include_str!("../../../mapping/programs.tsv");

static PROGRAMS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let table = rows(TABLE, ["program", "log"]);
    table.into_iter().map(|[program, log]| (program, log)).collect()
});

/// The log of a program's lines; `syslog` if the table has none.
pub(super) fn log_of(program: &str) -> &'static str {
    let lower = program.to_ascii_lowercase();
    let mut name = &*lower;
    loop {
        if let Some(log) = PROGRAMS.get(name) {
            return log;
        }
        // `/usr/sbin/cron`, `postfix/smtpd`, `postfix-out/smtpd`, `php7.4-fpm`.
        match (name.split_once('/'), name.rsplit_once('/')) {
            (Some((first, _)), _) if PROGRAMS.contains_key(first) => name = first,
            (_, Some((_, last))) if !last.is_empty() => name = last,
            _ => return "syslog",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name_and_by_its_suite() {
        for (program, log) in [
            ("sshd", "sshd"),
            ("CRON", "cron"),
            ("/usr/sbin/cron", "cron"),
            ("postfix/smtpd", "postfix"),
            ("something", "syslog"),
            ("", "syslog"),
        ] {
            assert_eq!(log_of(program), log, "{program}");
        }
    }

    #[test]
    fn each_log_stands_in_the_table_of_text_logs() {
        let text = include_str!("../../../mapping/text.tsv");
        for log in PROGRAMS.values() {
            assert!(text.lines().any(|l| l.split('\t').next() == Some(log)), "{log}");
        }
    }
}
