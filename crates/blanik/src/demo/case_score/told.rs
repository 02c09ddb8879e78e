//! The case's score in words.

use std::io::{self, Write};

use super::{CaseScore, Main, OfIntruder};

/// Writes it. Names are the exercise's own.
pub fn tell(out: &mut impl Write, score: &CaseScore) -> io::Result<()> {
    writeln!(out, "The case against the answer key")?;
    for intruder in &score.intruders {
        tell_intruder(out, intruder)?;
    }
    for clock in &score.clocks {
        let told: Vec<String> = clock.told_ms.iter().map(|ms| format!("{} s", ms / 1000)).collect();
        let told = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
        let truth = clock.truth_ms / 1000;
        writeln!(out, "  {}'s clock is {truth} s ahead; the case says {told}.", clock.host)?;
    }
    let mixed: Vec<String> = score.mixed().iter().map(usize::to_string).collect();
    match mixed.len() {
        0 => writeln!(out, "  No intrusion of the case holds what both did."),
        _ => writeln!(out, "  Intrusion {} holds what both did.", mixed.join(", ")),
    }
}

fn tell_intruder(out: &mut impl Write, of: &OfIntruder) -> io::Result<()> {
    let id = &of.intruder;
    let Some(main) = &of.main else {
        return writeln!(out, "  Intruder {id} is in no intrusion of the case.");
    };
    writeln!(
        out,
        "  Intruder {id} is intrusion {}: {} of {} observations of theirs; {:.0} % of what it holds is theirs.",
        main.number,
        main.observations,
        of.observations,
        100.0 * main.purity
    )?;
    writeln!(
        out,
        "    {} of {} steps that have a finding are in it",
        of.steps_told, of.steps_found
    )?;
    tell_main(out, main)?;
    let holds = of.taken.iter().filter(|taken| taken.holds).count();
    writeln!(out, "    taken: the bounds hold for {holds} of {}", of.taken.len())?;
    for missed in of.taken.iter().filter(|taken| !taken.holds) {
        let told = match missed.told {
            None => "the case does not name it".to_owned(),
            Some(told) => match told.possible {
                Some(most) => format!("the case says {} to {most}", told.confirmed),
                None => format!("the case says at least {}", told.confirmed),
            },
        };
        writeln!(out, "      {}: {} {}; {told}", missed.what, missed.truth, missed.unit)?;
    }
    Ok(())
}

fn tell_main(out: &mut impl Write, main: &Main) -> io::Result<()> {
    let hosts = &main.hosts;
    let right = hosts.right.len();
    let named = right + hosts.traced.len() + hosts.wrong.len();
    let truth = right + hosts.missed.len();
    writeln!(out, "    places: {right} of {named} named are theirs, of {truth} in all{}", {
        let further = [
            ("the log of a step elsewhere", &hosts.traced),
            ("not theirs", &hosts.wrong),
            ("not named", &hosts.missed),
        ];
        let some = further.iter().filter(|(_, names)| !names.is_empty());
        some.map(|(what, names)| format!("; {what}: {}", names.join(", "))).collect::<String>()
    })?;
    let ways = &main.ways;
    let right = ways.right.len();
    let (told, all) = (right + ways.wrong.len(), right + ways.missed.len());
    let order = main.order.map_or_else(|| "-".to_owned(), |order| format!("{order:.3}"));
    writeln!(
        out,
        "    ways from machine to machine: {right} of {told} told are theirs, of {all} in all; order of steps: rank correlation {order}"
    )?;
    let off = |seconds: i64| match seconds {
        0 => "to the second".to_owned(),
        s if s > 0 => format!("{} late", blanik_case::timeline::span(s)),
        s => format!("{} early", blanik_case::timeline::span(s)),
    };
    writeln!(
        out,
        "    first seen: {}; last seen: {}",
        off(main.first_late_s),
        off(main.last_late_s)
    )
}
