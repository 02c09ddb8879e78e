//! The summary on a terminal: what an incident responder wants to know in the first minute.

use std::io::{self, Write};

use blanik_model::{Level, Timestamp};

use super::tally::{Entry, LevelCounts, Tally};
use super::timeline::Axis;
use super::{Count, Summary};
use crate::output::EXERCISE;
use crate::output::cell::{Ink, Style, bytes, count, counted, cut, fit, width};

/// Entries of each list of "most".
const TOP: usize = 10;
/// Rejections shown; the rest by `--rejections`.
const REJECTIONS: usize = 5;
/// Rows of the histogram.
const ROWS: usize = 5;
/// Column in which text begins.
const MARGIN: usize = 11;
/// Widest that a bar of the lists grows.
const BAR_MAX: usize = 24;

impl Summary {
    /// Writes the summary for people, no line wider than the style says.
    pub fn render(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let mut page = Page { s: self, style, out };
        page.exercise()?;
        page.reading()?;
        page.findings()?;
        if self.levels.total() > 0 {
            page.timeline()?;
            page.rules()?;
            page.names("Hosts", &self.hosts)?;
            page.names("Accounts", &self.accounts)?;
            page.tactics()?;
        }
        page.accounting()?;
        page.correlations()?;
        page.rejections()
    }
}

struct Page<'a> {
    s: &'a Summary,
    style: Style,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn exercise(&mut self) -> io::Result<()> {
        if self.s.reading.exercise {
            writeln!(self.out, "{}\n", self.style.ink(Ink::Alarm, EXERCISE))?;
        }
        Ok(())
    }

    fn reading(&mut self) -> io::Result<()> {
        let r = &self.s.reading;
        let mut what = counted(r.files, "file");
        if r.sources != r.files {
            what += &format!(" ({})", counted(r.sources, "log"));
        }
        what += &format!(", {}, {}", bytes(r.bytes), counted(r.accounting.events_read, "event"));
        if let Some(duration) = r.duration {
            what += &format!(" in {:.1} s", duration.as_secs_f64());
        }
        self.line("Read", &what)?;
        match r.first.zip(r.last) {
            Some((first, last)) => self.span(first, last)?,
            None => self.line("", "no event bears a time")?,
        }
        self.line("", &format!("{} loaded", counted(r.rules, "rule")))?;
        self.indicators()?;
        self.counts("Hosts read", &r.hosts)?;
        self.counts("Kinds", &r.kinds)?;
        writeln!(self.out)
    }

    fn indicators(&mut self) -> io::Result<()> {
        let Some(stats) = &self.s.reading.indicators else { return Ok(()) };
        let mut what = format!("{} loaded", counted(stats.indicators, "indicator"));
        let muted: u64 = stats.muted.values().sum();
        if muted > 0 {
            what += &format!(", {} muted by warning lists", count(muted));
        }
        self.line("", &what)?;
        if muted == 0 {
            return Ok(());
        }
        let mut lists: Vec<Count> = stats
            .muted
            .iter()
            .map(|(name, count)| Count { name: name.clone(), count: *count })
            .collect();
        lists.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        self.counts("Muted", &lists)
    }

    /// `a 12 · b 3 · and 4 more`, as many as fit the line.
    fn counts(&mut self, label: &str, list: &[Count]) -> io::Result<()> {
        if list.is_empty() {
            return self.line(label, "none named");
        }
        let room = self.style.width.saturating_sub(MARGIN);
        let mut text = String::new();
        for (i, item) in list.iter().enumerate() {
            let more = format!(" · and {} more", count((list.len() - i) as u64));
            let item = format!("{} {}", cut(&item.name, 40), count(item.count));
            let next = if i == 0 { item } else { format!(" · {item}") };
            let last = i + 1 == list.len();
            let needed = width(&text) + width(&next) + if last { 0 } else { width(&more) };
            if i > 0 && needed > room {
                text += &more;
                break;
            }
            text += &next;
        }
        self.line(label, &text)
    }

    fn findings(&mut self) -> io::Result<()> {
        let s = self.s;
        let total = s.levels.total();
        if total == 0 {
            self.line("Findings", "none")?;
            return writeln!(self.out);
        }
        let rules = s.rules.len() as u64;
        let events = s.reading.accounting.events_with_findings;
        let what = format!(
            "{} of {} in {}",
            count(total),
            counted(rules, "rule"),
            counted(events, "event")
        );
        self.line("Findings", &what)?;
        if let Some((first, last)) = s.span() {
            self.span(first, last)?;
        }
        if s.without_time > 0 {
            self.line("", &format!("{} without a time", count(s.without_time)))?;
        }
        let fired = s.rules_by_level();
        let most = Level::ALL.iter().map(|l| s.levels.of(*l)).max().unwrap_or(0);
        for level in Level::ALL.iter().rev().copied() {
            let n = s.levels.of(level);
            let ink = if n > 0 { Ink::Level(level) } else { Ink::Faint };
            let name = self.style.ink(ink, &fit(level.as_str(), 13));
            let rules = if n > 0 { counted(fired.of(level), "rule") } else { String::new() };
            let bar = self.style.ink(Ink::Level(level), &bar(n, most, self.bar_width(40)));
            writeln!(self.out, "  {name} {:>9}  {bar} {rules}", count(n))?;
        }
        writeln!(self.out)
    }

    fn timeline(&mut self) -> io::Result<()> {
        let s = self.s;
        let most_digits = 7;
        let room = self.style.width.saturating_sub(most_digits + 4).clamp(10, 120);
        let Some(axis) = s.timeline.axis(room) else { return Ok(()) };
        let columns = s.timeline.on(&axis);
        let most = columns.iter().map(LevelCounts::total).max().unwrap_or(0);
        let note = format!("a column is {}, the highest {}", axis.step.name(), count(most));
        self.heading("Over time", &note)?;
        let each = (room / columns.len()).clamp(1, 6);
        for row in (0..ROWS).rev() {
            let label = if row == ROWS - 1 { count(most) } else { String::new() };
            write!(self.out, "{label:>most_digits$} │")?;
            for levels in &columns {
                write!(self.out, "{}", self.piece(levels, most, row, each))?;
            }
            writeln!(self.out)?;
        }
        writeln!(self.out, "{:>most_digits$} └{}", 0, "─".repeat(each * columns.len()))?;
        let labels = axis_labels(&axis, each);
        writeln!(self.out, "{}{labels}", " ".repeat(most_digits + 2))?;
        if s.timeline.clock_not_set() > 0 {
            let n = count(s.timeline.clock_not_set());
            self.line("", &format!("{n} with a time before 1990 (clock not set) not drawn"))?;
        }
        writeln!(self.out)
    }

    /// One bucket's share of one row of the histogram, coloured by the worst level in the bucket.
    fn piece(&self, levels: &LevelCounts, most: u64, row: usize, each: usize) -> String {
        const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let steps = (ROWS * 8) as u64;
        let n = levels.total();
        let height = (u128::from(n) * u128::from(steps)).div_ceil(u128::from(most.max(1))) as usize;
        let block = EIGHTHS[height.saturating_sub(row * 8).min(8)];
        let gap = usize::from(each >= 3);
        let text = block.to_string().repeat(each - gap) + &" ".repeat(gap);
        match levels.worst() {
            Some(worst) if block != ' ' => self.style.ink(Ink::Level(worst), &text),
            _ => text,
        }
    }

    fn rules(&mut self) -> io::Result<()> {
        let s = self.s;
        let top = s.rules.worst_first();
        self.heading("Rules", "worst first")?;
        let room = self.style.width.saturating_sub(27);
        for e in top.iter().take(TOP) {
            let level = e.extra.level.unwrap_or(Level::Medium);
            let name = self.style.ink(Ink::Level(level), &fit(level.as_str(), 13));
            let n = count(e.levels.total());
            writeln!(self.out, "  {n:>9}  {name} {}", cut(&e.extra.title, room))?;
        }
        self.more(top.len(), s.rules.not_named())
    }

    fn names<T>(&mut self, label: &str, tally: &Tally<T>) -> io::Result<()> {
        if tally.is_empty() {
            self.heading(label, "no finding names one")?;
            return writeln!(self.out);
        }
        self.heading(label, "with the most findings")?;
        let top = tally.top();
        let most = top.first().map_or(0, |e| e.levels.total());
        let bars = self.bar_width(60);
        let room = self.style.width.saturating_sub(16 + bars + 26).clamp(12, 40);
        for e in top.iter().take(TOP) {
            let n = e.levels.total();
            let worst = e.levels.worst().unwrap_or(Level::Informational);
            let bar = self.style.ink(Ink::Level(worst), &bar(n, most, bars));
            let name = fit(e.name, room);
            let line = format!("  {:>9}  {name} {bar} {}", count(n), self.worst(e));
            writeln!(self.out, "{}", line.trim_end())?;
        }
        self.more(top.len(), tally.not_named())
    }

    /// `3 critical, 12 high`: the two worst levels.
    fn worst<T>(&self, e: &Entry<'_, T>) -> String {
        let levels = Level::ALL.iter().rev().filter(|l| e.levels.of(**l) > 0).take(2);
        let text = |l: &Level| {
            let text = format!("{} {l}", count(e.levels.of(*l)));
            self.style.ink(Ink::Level(*l), &text)
        };
        let short = self.style.width < 100;
        levels.take(if short { 1 } else { 2 }).map(text).collect::<Vec<_>>().join(", ")
    }

    fn more(&mut self, known: usize, not_named: u64) -> io::Result<()> {
        let mut text = String::new();
        if known > TOP {
            text = format!("and {} more", count((known - TOP) as u64));
        }
        if not_named > 0 {
            text += &format!(", and others with {}", counted(not_named, "finding"));
        }
        if !text.is_empty() {
            let text = cut(&text, self.style.width.saturating_sub(13));
            writeln!(self.out, "             {}", self.style.ink(Ink::Faint, &text))?;
        }
        writeln!(self.out)
    }

    fn tactics(&mut self) -> io::Result<()> {
        let s = self.s;
        self.heading("ATT&CK", "tactics in the order of an intrusion, techniques of their rules")?;
        let most = s.tactics().map(|(_, _, t)| t.levels.total()).max().unwrap_or(0);
        let bars = self.bar_width(60).min(12);
        let room = self.style.width.saturating_sub(2 + 20 + 1 + 9 + 2 + bars + 1);
        for (_, name, tactic) in s.tactics() {
            let n = tactic.levels.total();
            let worst = tactic.levels.worst().unwrap_or(Level::Informational);
            let bar = self.style.ink(Ink::Level(worst), &bar(n, most, bars));
            let mut by_count: Vec<_> = tactic.techniques.iter().collect();
            by_count.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
            let ids: Vec<_> = by_count.iter().map(|(id, _)| id.as_str()).collect();
            let ids = cut(&ids.join(" "), room);
            let line = format!("  {} {:>9}  {bar} {ids}", fit(name, 20), count(n));
            writeln!(self.out, "{}", line.trim_end())?;
        }
        if s.without_tactic > 0 {
            writeln!(self.out, "  {} {:>9}", fit("no tactic named", 20), count(s.without_tactic))?;
        }
        writeln!(self.out)
    }

    /// The line is never cut: it is what the reader has to be able to rely on.
    fn accounting(&mut self) -> io::Result<()> {
        let a = &self.s.reading.accounting;
        writeln!(self.out, "{}", accounting_line(self.s))?;
        if !a.adds_up() {
            let text = " these do not add up: please report it ";
            writeln!(self.out, "{}", self.style.ink(Ink::Alarm, text))?;
        }
        if a.not_evaluated > 0 {
            let text = "not matched: no loaded rule's log source names such events";
            let text = cut(text, self.style.width);
            writeln!(self.out, "{}", self.style.ink(Ink::Faint, &text))?;
        }
        let alerts = &self.s.reading.tool_alerts;
        if !alerts.is_empty() {
            let tools: Vec<String> =
                alerts.iter().map(|tool| format!("{} {}", tool.name, count(tool.count))).collect();
            let text =
                format!("alerts of other tools: {}; --tool-findings shows them", tools.join(", "));
            let text = cut(&text, self.style.width);
            writeln!(self.out, "{}", self.style.ink(Ink::Faint, &text))?;
        }
        Ok(())
    }

    fn correlations(&mut self) -> io::Result<()> {
        let Some(stats) = &self.s.reading.correlations else { return Ok(()) };
        for line in std::iter::once(stats.line()).chain(stats.remarks()) {
            writeln!(self.out, "{}", cut(&line, self.style.width))?;
        }
        Ok(())
    }

    fn rejections(&mut self) -> io::Result<()> {
        let r = &self.s.reading;
        if r.rejections_total == 0 {
            return Ok(());
        }
        writeln!(self.out)?;
        self.heading("Not read", &counted(r.rejections_total, "place"))?;
        for rejection in r.rejections.iter().take(REJECTIONS) {
            let room = self.style.width.saturating_sub(2);
            let place = crate::output::cell::cut_start(&rejection.place, room / 2);
            let reason = cut(&rejection.reason, room.saturating_sub(width(&place) + 2));
            writeln!(self.out, "  {place}: {}", self.style.ink(Ink::Faint, &reason))?;
        }
        let shown = r.rejections.len().min(REJECTIONS) as u64;
        let more = r.rejections_total.saturating_sub(shown);
        if more > 0 {
            let text = format!("and {} more; --rejections FILE lists all", count(more));
            let text = cut(&text, self.style.width.saturating_sub(2));
            writeln!(self.out, "  {}", self.style.ink(Ink::Faint, &text))?;
        }
        Ok(())
    }

    /// To the second where there is room, else to the minute.
    fn span(&mut self, first: Timestamp, last: Timestamp) -> io::Result<()> {
        let length = if self.style.width < MARGIN + 52 { 16 } else { 19 };
        let text = |t: Timestamp| t.to_seconds_string().chars().take(length).collect::<String>();
        self.line("", &format!("from {} to {} UTC", text(first), text(last)))
    }

    fn heading(&mut self, heading: &str, note: &str) -> io::Result<()> {
        let room = self.style.width.saturating_sub(width(heading) + 2);
        let note = self.style.ink(Ink::Faint, &cut(note, room));
        writeln!(self.out, "{}  {note}", self.style.ink(Ink::Heading, heading))
    }

    fn line(&mut self, label: &str, text: &str) -> io::Result<()> {
        let label = self.style.ink(Ink::Heading, &fit(label, MARGIN));
        let text = cut(text, self.style.width.saturating_sub(MARGIN));
        writeln!(self.out, "{label}{text}")
    }

    fn bar_width(&self, other_columns: usize) -> usize {
        self.style.width.saturating_sub(other_columns).clamp(4, BAR_MAX)
    }
}

/// `events read 12,345 = matched against rules 12,000 + not matched 300 + rejected 45`
pub(crate) fn accounting_line(s: &Summary) -> String {
    let a = &s.reading.accounting;
    format!(
        "events read {} = matched against rules {} + not matched {} + rejected {}",
        count(a.events_read),
        count(a.evaluated),
        count(a.not_evaluated),
        count(a.rejected)
    )
}

/// A bar of exactly `columns`; what is not nothing is seen.
fn bar(n: u64, most: u64, columns: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (u128::from(n) * columns as u128 * 8).div_ceil(u128::from(most.max(1))) as usize;
    let text = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    fit(&text, columns)
}

/// The first bucket's label, and others where there is room, the last one's at the right end.
fn axis_labels(axis: &Axis, each: usize) -> String {
    let columns = axis.len() * each;
    let long = width(&axis.label(0));
    let fits = (columns / (long + 3)).clamp(1, 6);
    let mut text = String::new();
    for i in 0..fits {
        let at = if fits == 1 { 0 } else { i * (columns - long) / (fits - 1) };
        while width(&text) < at {
            text.push(' ');
        }
        // A label on the right end names the last bucket that it stands over.
        let bucket = if i + 1 == fits && i > 0 { axis.len() - 1 } else { at / each };
        text += &axis.label(bucket);
    }
    text
}
