//! How long a fit takes, and a verdict, on what the program carries. Figures of the machine they are measured on.

use std::time::Instant;

use anyhow::{Context, Result};
use blanik_attribution::fitted::{self, Fitted};
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::observe::Observation;
use blanik_attribution::verdict::Judge;
use serde_json::{Value, json};

/// Verdicts of which the mean is shown.
const VERDICTS: u32 = 20;
/// What the verdicts are about: more techniques than most reports show, and five tools, two of which
/// one actor alone has shown each.
const TECHNIQUES: [&str; 20] = [
    "T1003",
    "T1016",
    "T1018",
    "T1021.001",
    "T1027",
    "T1033",
    "T1036.005",
    "T1053.005",
    "T1057",
    "T1059.001",
    "T1071.001",
    "T1082",
    "T1083",
    "T1105",
    "T1112",
    "T1140",
    "T1204.002",
    "T1547.001",
    "T1560.001",
    "T1566.001",
];
const SOFTWARE: [&str; 5] = ["S0154", "S0002", "S0013", "S0082", "S0118"];

/// Measures and prints.
pub fn measure() -> Result<()> {
    let corpus = Knowledge::builtin().corpus();
    let start = Instant::now();
    let _ = fitted::fit(&corpus, None);
    let fit = start.elapsed().as_secs_f64();
    let judge = Judge::new(Knowledge::builtin(), Fitted::builtin());
    let observations = observations()?;
    let start = Instant::now();
    for _ in 0..VERDICTS {
        judge.judge(&observations, None, true).context("the observations are known")?;
    }
    let verdict = start.elapsed().as_secs_f64() * 1e3 / f64::from(VERDICTS);
    println!("\n| what | measured | to reach |\n|---|--:|--:|");
    println!("| a whole fit, one processor | {fit:.1} s | 60 s |");
    println!("| a verdict on {} items | {verdict:.0} ms | 50 ms |", observations.len());
    Ok(())
}

fn observations() -> Result<Vec<Observation>> {
    let item = |kind: &str, id: &str| json!({"id": id, "feature": {kind: id}, "grade": "B2", "source": "measured"});
    let techniques = TECHNIQUES.iter().map(|id| item("technique", id));
    let list: Vec<Value> =
        techniques.chain(SOFTWARE.iter().map(|id| item("software", id))).collect();
    Ok(serde_json::from_value(Value::Array(list))?)
}
