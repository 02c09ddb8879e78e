//! The whole program on one page: where the crates meet.
//!
//! ```text
//! inputs ─▶ ingest::Feeder ─▶ blocks ─▶ ingest::Batcher ─▶ batches by kind
//!                                                            │
//! rule files ─▶ detect::Rules ─▶ detect::Scanner ◀───────────┤
//! lists ─▶ share::Intake ─▶ detect::IndicatorScanner ◀───────┘
//!                                      │
//!                                 hunt::spool ─▶ findings in order of time ─▶ output, summary
//! ```

use std::cell::RefCell;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use blanik_detect::{Head, Problem, Rules};
use blanik_ingest::Input;
use blanik_model::text::for_terminal;
use blanik_model::{Level, Status};

use crate::cli::exchange::ShareCommand;
use crate::cli::{Cli, Command, DemoArgs, HuntArgs, IndicatorsCommand, RulesCommand};
use crate::hunt::{Filter, Hunt, Outcome, ToolFilter};
use crate::logs::Logs;
use crate::outfile::{OutFile, Target};
use crate::output::{self, OutputFormat, Style, WriteOptions};
use crate::progress::Progress;
use crate::rules::{self, Loaded, Texts};
use crate::summary::Summary;
use crate::{
    attribute, attribution, case, check, demo, evidence, exchange, explain, fields, indicators,
    publish, serve,
};

/// On a terminal, a table shows so many findings: the worst.
const TABLE_ON_TERMINAL_MAX: usize = 40;

/// Does what the command line says.
pub fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Hunt(args) => hunt(&args),
        Command::Rules(RulesCommand::Check(args)) => check::run(&args),
        Command::Rules(RulesCommand::Fetch(args)) => exchange::fetch::rules(&args),
        Command::Fields(args) => fields::run(&args),
        Command::Indicators(IndicatorsCommand::Add(args)) => indicators::add(&args),
        Command::Indicators(IndicatorsCommand::List(args)) => indicators::list(&args),
        Command::Case(args) => case::run(&args),
        Command::Demo(args) => run_demo(&args),
        Command::Init(args) => evidence::init(&args),
        Command::Log(command) => evidence::log(&command),
        Command::Verify(args) => evidence::check::run(&args),
        Command::Disclose(args) => evidence::show::disclose(&args),
        Command::Witness(command) => evidence::witness::run(&command),
        Command::Rerun(args) => evidence::rerun::run(&args),
        Command::Attribute(args) => attribute::attribute(&args),
        Command::Actor(args) => attribute::actor(&args),
        Command::Observe(args) => attribute::said::observe(&args),
        Command::Assess(args) => attribute::assess(&args),
        Command::Intel(command) => attribute::intel::run(&command),
        Command::Publish(args) => publish::run(&args),
        Command::Attribution(command) => attribution::run(&command),
        Command::Serve(args) => serve::run(&args),
        Command::Share(ShareCommand::Push(args)) => exchange::push::run(&args),
    }
}

fn hunt(args: &HuntArgs) -> Result<ExitCode> {
    let mut logs = Logs::of(&args.logs)?;
    if args.explain.is_some() {
        return explain::run(args, chosen_rules(args)?.0, logs);
    }
    let custody = evidence::Waiting::begin(args)?;
    logs.options.digests = custody.is_some();
    let (rules, texts) = chosen_rules(args)?;
    let format = if args.json { OutputFormat::Jsonl } else { args.format };
    if args.raw && !matches!(format, OutputFormat::Jsonl | OutputFormat::Html) {
        bail!("--raw goes with --format jsonl or html; {format} has no room for records");
    }
    // Before hours of reading: can what is asked for be written at all?
    let target = |path: &Option<PathBuf>| {
        path.as_ref().map(|path| Target::new(path, &args.logs.paths)).transpose()
    };
    let (output, rejections, as_json) =
        (target(&args.output)?, target(&args.rejections)?, target(&args.summary)?);
    let indicators = indicators::for_hunt(&args.known, args.quiet)?;
    let records = target(&args.records)?;
    let hunt = Hunt {
        logs,
        rules: Arc::new(rules),
        indicators,
        filter: Filter { from: args.from, to: args.to, hosts: args.host.clone() },
        tools: args.tool_findings.then(|| tool_filter(args)),
        with_raw: args.raw,
        gather: args.records.is_some() || args.case.case.is_some(),
        threads: threads(args.threads),
    };
    let custody = custody.map(|custody| custody.end(args, &texts, &hunt)).transpose()?;
    drop(texts);
    let mut outcome = run_hunt(&hunt, args.quiet)?;
    if let Some(custody) = custody {
        custody.log(&hunt, &mut outcome, args.quiet)?;
    }
    let worst = outcome.findings.worst();
    let nothing_read = outcome.reading.accounting.events_read == 0;
    let missing = std::mem::take(&mut outcome.missing);
    for remark in &outcome.remarks {
        eprintln!("blanik: {remark}");
    }
    if let Some(target) = rejections {
        write_rejections(&target, &mut outcome)?;
    }
    if let Some(target) = records {
        case::gathering::write(&target, &mut outcome)?;
    }
    let report = Report { format, output, quiet: args.quiet, exercise: false };
    let summary = report.write(outcome)?;
    if let Some(target) = as_json {
        let mut file = target.create()?;
        serde_json::to_writer_pretty(&mut file, &summary.for_programs())
            .with_context(|| format!("cannot write {}", target.path().display()))?;
        file.finish()?;
    }
    if !missing.is_empty() {
        bail!("cannot open {} (others, if there are any, were read)", missing.join("; "));
    }
    if nothing_read {
        bail!(
            "no event could be read from the inputs: that is no all-clear (--rejections FILE says why)"
        );
    }
    Ok(exit_code(args.fail_on.is_some_and(|level| worst.is_some_and(|w| w >= level))))
}

pub(crate) fn run_hunt(hunt: &Hunt, quiet: bool) -> Result<Outcome> {
    let started = Instant::now();
    let progress = if quiet { Progress::hidden() } else { Progress::visible() };
    let mut outcome = hunt.run(&progress)?;
    outcome.reading.duration = Some(started.elapsed());
    Ok(outcome)
}

/// Makes the exercise, hunts it with the built-in rules, and holds the findings against its answers.
fn run_demo(args: &DemoArgs) -> Result<ExitCode> {
    let folder = demo_folder(args)?;
    let exercise = demo::write_exercise(&folder, args.seed)
        .with_context(|| format!("cannot write the exercise to {}", folder.display()))?;
    let Loaded { rules, problems, texts } = rules::load(&[], &[])?;
    tell_problems(&problems);
    let techniques = demo::techniques(&rules);
    let quiet = args.quiet || args.json;
    let hunt = Hunt {
        logs: Logs::on_record(vec![Input::Path(exercise.logs.clone())]),
        rules: Arc::new(rules),
        indicators: None,
        filter: Filter::default(),
        tools: None,
        with_raw: true,
        gather: true,
        threads: threads(None),
    };
    let waiting = demo::Waiting::new(&folder, &texts)?;
    let mut outcome = run_hunt(&hunt, quiet)?;
    outcome.reading.exercise = true;
    let on_record = waiting.log(&hunt, &mut outcome)?;
    let mut found = Vec::with_capacity(outcome.findings.len());
    for i in 0..outcome.findings.len() {
        found.push(outcome.findings.get(i)?);
    }
    let score = demo::Scores {
        findings: demo::score(&exercise.answers, &techniques, found.iter()),
        case: on_record.score(&exercise.answers),
    };
    let page = folder.join("report.html");
    let report = Report {
        format: OutputFormat::Html,
        output: Some(Target::new(&page, &[])?),
        quiet,
        exercise: true,
    };
    report.write(outcome)?;
    let published = demo::publish(&folder, &on_record)?;
    let mut out = io::stdout().lock();
    if args.json {
        let all = demo::for_programs(&folder, &page, &score, &on_record);
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
    } else {
        demo::tell(&mut out, &folder, &page, &score)?;
        on_record.tell(&mut out)?;
        published.tell(&mut out)?;
    }
    on_record.check()?;
    published.check()?;
    Ok(ExitCode::SUCCESS)
}

fn demo_folder(args: &DemoArgs) -> Result<PathBuf> {
    let Some(folder) = &args.keep else {
        let folder = tempfile::Builder::new().prefix("blanik-exercise-").tempdir();
        return Ok(folder.context("cannot make a temporary folder")?.keep());
    };
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty: name a new folder", folder.display());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.clone())
}

/// What the filters on rules ask of other tools' findings.
fn tool_filter(args: &HuntArgs) -> ToolFilter {
    ToolFilter::new(args.level, &args.rule, &args.status)
}

/// Loads the rules and keeps those that the filters name; and the texts of all.
fn chosen_rules(args: &HuntArgs) -> Result<(Rules, Texts)> {
    let files = &args.rule_files;
    let Loaded { mut rules, problems, texts } = rules::load(&files.rules, &files.placeholders)?;
    if !args.quiet {
        tell_problems(&problems);
    }
    if rules.is_empty() {
        bail!("no rule can be used: `blanik rules check` says why");
    }
    choose(&mut rules, args.level, &args.status, &args.rule);
    // Of other tools' findings, some may still be asked for.
    if rules.is_empty() && !args.tool_findings {
        bail!("no rule is left: check --level, --status and --rule");
    }
    Ok((rules, texts))
}

/// Keeps the rules of this level or above, of one of these statuses, and with one of these ids or words
/// in their titles; where there are none, of any.
pub(crate) fn choose(
    rules: &mut Rules,
    level: Option<Level>,
    statuses: &[Status],
    words: &[String],
) {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let named = |rule: &Head<'_>, word: &String| {
        rule.id.eq_ignore_ascii_case(word) || rule.title.to_lowercase().contains(word.as_str())
    };
    rules.retain(|rule| {
        level.is_none_or(|level| rule.level >= level)
            && (statuses.is_empty() || rule.status.is_some_and(|s| statuses.contains(&s)))
            && (words.is_empty() || words.iter().any(|word| named(&rule, word)))
    });
}

/// On standard error: how many rules cannot be used, and the first of them.
pub fn tell_problems(problems: &[Problem]) {
    let fatal: Vec<&Problem> = problems.iter().filter(|p| p.fatal).collect();
    if let Some(first) = fatal.first() {
        let first = for_terminal(&first.to_string()).into_owned();
        eprintln!(
            "blanik: {} rules are left out; `blanik rules check` lists them. The first: {first}",
            fatal.len()
        );
    }
}

pub(crate) fn threads(asked: Option<u16>) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    asked.map_or_else(all, usize::from)
}

/// Where and how findings go out.
struct Report {
    format: OutputFormat,
    output: Option<Target>,
    quiet: bool,
    exercise: bool,
}

impl Report {
    /// Writes the findings, then the summary: to standard output where that is for people, else to
    /// standard error.
    fn write(&self, outcome: Outcome) -> Result<Summary> {
        let Outcome { mut findings, reading, .. } = outcome;
        let style = terminal_style();
        let in_file = Style::new(false, None, None);
        let to_terminal = self.output.is_none() && io::stdout().is_terminal();
        let file = self.output.as_ref().map(Target::create).transpose()?.map(Shared::new);
        let out: Box<dyn Write> = match &file {
            Some(file) => Box::new(file.clone()),
            None => Box::new(BufWriter::new(io::stdout())),
        };
        let context = || match &self.output {
            Some(target) => format!("cannot write {}", target.path().display()),
            None => "cannot write to standard output".to_owned(),
        };
        let written = if self.output.is_some() { in_file } else { style };
        let options = WriteOptions { style: written, exercise: self.exercise };
        let mut writer = output::writer(self.format, out, options);
        let few = self.format == OutputFormat::Table && to_terminal;
        let shown = few.then(|| findings.worst_indices(TABLE_ON_TERMINAL_MAX));
        let mut summary = Summary::new();
        writer.begin().with_context(context)?;
        for i in 0..findings.len() {
            let (finding, json) =
                findings.brief(i).context("cannot read the temporary file of findings")?;
            summary.add(&finding);
            if shown.as_ref().is_none_or(|shown| shown.binary_search(&i).is_ok()) {
                writer.write_json(json).with_context(context)?;
            }
        }
        summary.reading(reading);
        let remark = writer.finish(&summary).with_context(context)?;
        drop(writer);
        if let Some(file) = file {
            file.finish()?;
        }
        if let Some(remark) = remark {
            eprintln!("blanik: {remark}");
        }
        if self.quiet {
            return Ok(summary);
        }
        let for_people = self.output.is_some() || self.format == OutputFormat::Table;
        if for_people {
            let mut out = io::stdout().lock();
            if shown.is_some_and(|shown| shown.len() < findings.len()) {
                let all = findings.len();
                writeln!(
                    out,
                    "… the {TABLE_ON_TERMINAL_MAX} worst of {all} findings; all of them: --format table | less, or -f html -o FILE\n"
                )?;
            }
            summary.render(&mut out, style).context("cannot write the summary")?;
        } else {
            let style =
                Style::new(io::stderr().is_terminal(), no_color().as_deref(), terminal_width());
            summary.render(&mut io::stderr().lock(), style).context("cannot write the summary")?;
        }
        Ok(summary)
    }
}

/// The output file, lent to a writer that wants to own it.
#[derive(Clone)]
struct Shared(Rc<RefCell<OutFile>>);

impl Shared {
    fn new(file: OutFile) -> Self {
        Shared(Rc::new(RefCell::new(file)))
    }

    fn finish(self) -> Result<()> {
        let file = Rc::into_inner(self.0).expect("the writer it was lent to is gone");
        file.into_inner().finish()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

fn write_rejections(target: &Target, outcome: &mut Outcome) -> Result<()> {
    let context = || format!("cannot write {}", target.path().display());
    let mut out = target.create()?;
    for i in 0..outcome.rejections.len() {
        out.write_all(outcome.rejections.json(i).with_context(context)?).with_context(context)?;
        out.write_all(b"\n").with_context(context)?;
    }
    out.finish()
}

/// The style for standard output.
pub fn terminal_style() -> Style {
    Style::new(io::stdout().is_terminal(), no_color().as_deref(), terminal_width())
}

fn no_color() -> Option<String> {
    std::env::var("NO_COLOR").ok()
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// 1 where the findings are as bad as the user named, else 0.
fn exit_code(failed: bool) -> ExitCode {
    if failed { ExitCode::from(1) } else { ExitCode::SUCCESS }
}
