//! The workload of the scenes: whatever SQL a scene wants, by a user who may be slow to think.
//! It is registered like anybody's own, so the whole program runs around it.

use pgsurge::workload::*;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Its name in `--workload`.
pub const NAME: &str = "scene";
/// Names of statements; no scene has more.
const STATEMENTS: [&str; 4] = ["first", "second", "third", "fourth"];

/// `pgsurge`, with the workload.
pub fn program() -> ExitCode {
    pgsurge::main_with(Registry::built_in().with(NAME, "what a scene asks for", make))
}

/// Options: `sql` has statements between semicolons, with `$1` for a row of 1 to `rows` that an
/// action chooses once; `burn_us` is CPU time that each choice costs, `stall_ms` time that it sleeps.
fn make(making: &mut Making<'_>) -> Result<Stories<User>, Error> {
    let sql = making.option("sql", "SELECT 1".to_owned());
    let rows = making.number("rows", 1, 1..=i32::MAX);
    let burn = Duration::from_micros(making.number("burn_us", 0, 0..=1_000_000));
    let stall = Duration::from_millis(making.number("stall_ms", 0, 0..=1_000));
    let mut steps = Vec::new();
    let mut stories = Vec::new();
    for text in sql.split(';').map(str::trim).filter(|it| !it.is_empty()) {
        steps.push(match text {
            "BEGIN" => Step::Begin,
            "COMMIT" => Step::Commit,
            "ROLLBACK" => Step::Rollback,
            _ => {
                stories.push(text.to_owned());
                Step::Call(FIRST + stories.len() as u16 - 1, text.contains("$1"))
            }
        });
    }
    let user = User { steps, rows, burn, stall };
    let all = Stories::new(making.seed(), move |_| user.clone()).action("act");
    Ok(stories.into_iter().zip(STATEMENTS).fold(all, |all, (text, name)| {
        let kind = match text.split(' ').next() {
            Some("INSERT") => Kind::Insert,
            Some("UPDATE") => Kind::Update,
            _ => Kind::Select,
        };
        let parameters: &'static [Type] = if text.contains("$1") { &[Type::Int4] } else { &[] };
        all.statement(name, kind, text, parameters)
    }))
}

#[derive(Clone, Copy)]
enum Step {
    Begin,
    Commit,
    Rollback,
    Call(u16, bool),
}

#[derive(Clone)]
struct User {
    steps: Vec<Step>,
    rows: i32,
    burn: Duration,
    stall: Duration,
}

impl Story for User {
    fn wish(&mut self, _moment: Moment, _random: &mut Generator) -> Wish {
        let until = Instant::now() + self.burn;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        std::thread::sleep(self.stall);
        Wish { action: 0, statements: self.steps.len() as u32 }
    }

    async fn act(&mut self, _action: u16, talk: &mut Talk) -> Result<(), Failed> {
        let row = talk.random.random_range(1..=self.rows);
        for step in self.steps.clone() {
            let fill = |request: &mut Request| match step {
                Step::Begin => request.begin(),
                Step::Commit => request.commit(),
                Step::Rollback => request.rollback(),
                Step::Call(statement, true) => request.call(statement).int4(row).end(),
                Step::Call(statement, false) => request.call(statement).end(),
            };
            talk.ask(fill).await?;
        }
        Ok(())
    }
}
