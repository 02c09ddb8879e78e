//! How far a hunt has come, on a terminal only.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shared by all workers.
pub struct Progress {
    bar: ProgressBar,
    events: AtomicU64,
    findings: AtomicU64,
}

impl Progress {
    /// Drawn on standard error, if it is a terminal.
    pub fn visible() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
        let style =
            ProgressStyle::with_template("{spinner} {bytes}/{total_bytes} ({bytes_per_sec}) {msg}");
        bar.set_style(style.expect("the template is well formed"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress { bar, events: AtomicU64::new(0), findings: AtomicU64::new(0) }
    }

    /// Not drawn.
    pub fn hidden() -> Self {
        Progress {
            bar: ProgressBar::hidden(),
            events: AtomicU64::new(0),
            findings: AtomicU64::new(0),
        }
    }

    /// What the reader has done.
    pub fn read(&self, read: blanik_ingest::Progress) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_length(read.bytes_total.max(read.bytes_read));
        self.bar.set_position(read.bytes_read);
        let events = self.events.load(Ordering::Relaxed);
        let findings = self.findings.load(Ordering::Relaxed);
        let seconds = self.bar.elapsed().as_secs_f64().max(0.001);
        let rate = events as f64 / seconds;
        self.bar.set_message(format!(
            "· file {} of {} · {events} events ({rate:.0}/s) · {findings} findings",
            read.files_done, read.files_total
        ));
    }

    /// What a worker has done.
    pub fn scanned(&self, events: u64, findings: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
        self.findings.fetch_add(findings, Ordering::Relaxed);
    }

    /// Takes it off the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
