//! The flags that are settings, made from the table of keys.
//!
//! clap only collects their text: what it means, and whether it fits, is said where everything
//! else about settings is said, so that all slips are told together.

use crate::settings::keys::{self, Default, Key};
use crate::settings::{Takes, Typed, suite};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};
use std::marker::PhantomData;

/// Which settings a verb has flags for.
pub trait Flags {
    /// Whether it has one for this.
    fn takes(key: &Key) -> bool;
}

/// Those of one load test.
#[derive(Clone, Copy, Debug)]
pub struct OfLoad;

impl Flags for OfLoad {
    fn takes(key: &Key) -> bool {
        !key.is_of_suites()
    }
}

/// Those that bear on whether a load test can be run: what becomes of its result does not.
#[derive(Clone, Copy, Debug)]
pub struct OfCheck;

/// Settings that decide nothing before a run has begun.
static OF_RUNS: [&Key; 8] = [
    &keys::OUTPUT,
    &keys::LOG,
    &keys::SAMPLING_RATE,
    &keys::TAG,
    &keys::THRESHOLD,
    &keys::PROGRESS,
    &keys::FORCE,
    &keys::GRACE,
];

impl Flags for OfCheck {
    fn takes(key: &Key) -> bool {
        OfLoad::takes(key) && !OF_RUNS.iter().any(|it| std::ptr::eq(*it, key))
    }
}

/// Those that make sense for all scenarios of a suite.
#[derive(Clone, Copy, Debug)]
pub struct OfSuite;

impl Flags for OfSuite {
    fn takes(key: &Key) -> bool {
        // Several values of one flag: the verb reads it itself.
        suite::takes(key) && !std::ptr::eq(key, &keys::SCENARIOS)
    }
}

/// Every setting that was typed, in the order of the table.
#[derive(Clone, Debug)]
pub struct SettingFlags<F: Flags = OfLoad>(pub Vec<Typed>, PhantomData<F>);

fn flags<F: Flags>() -> impl Iterator<Item = &'static Key> {
    keys::all().filter(|key| key.flag.is_some() && F::takes(key))
}

impl<F: Flags> FromArgMatches for SettingFlags<F> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = flags::<F>().flat_map(|key| {
            let texts: Vec<String> = match key.flag {
                None => Vec::new(),
                Some(flag) if flag.placeholder.is_empty() => {
                    matches.get_flag(flag.name).then(|| "true".to_owned()).into_iter().collect()
                }
                Some(flag) => matches.get_many(flag.name).unwrap_or_default().cloned().collect(),
            };
            texts.into_iter().map(move |text| (key, text))
        });
        Ok(SettingFlags(typed.collect(), PhantomData))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = SettingFlags::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<F: Flags> Args for SettingFlags<F> {
    fn augment_args(command: Command) -> Command {
        flags::<F>().fold(command, |command, key| command.args(argument(key)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        SettingFlags::<F>::augment_args(command)
    }
}

/// The flags of `command` that are settings, each with the words that it takes or what kind of name
/// it is: for shells that complete them.
pub fn with_values(command: Command) -> Command {
    let flags = keys::all().filter_map(|key| Some((key, key.flag?)));
    flags.fold(command, |command, (key, flag)| {
        if !command.get_arguments().any(|it| it.get_id() == flag.name) {
            return command;
        }
        command.mut_arg(flag.name, |argument| match key.takes {
            Takes::Choice(words) => argument.value_parser(PossibleValuesParser::new(words)),
            Takes::Choices(words) => {
                argument.value_parser(PossibleValuesParser::new(words)).value_delimiter(',')
            }
            _ if flag.placeholder == "FOLDER" => argument.value_hint(ValueHint::DirPath),
            _ if flag.placeholder == "FILE" => argument.value_hint(ValueHint::FilePath),
            _ => argument,
        })
    })
}

fn argument(key: &'static Key) -> Option<Arg> {
    let flag = key.flag?;
    let argument = Arg::new(flag.name).long(flag.name).help_heading(flag.group);
    Some(if flag.placeholder.is_empty() {
        argument.action(ArgAction::SetTrue).help(key.meaning)
    } else {
        let help = match key.default {
            Default::Is(text) => format!("{} [default: {text}]", key.meaning),
            Default::Follows("none") => key.meaning.to_string(),
            Default::Follows(words) => format!("{} [default: {words}]", key.meaning),
            Default::Number(number) => format!("{} [default: {number}]", key.meaning),
        };
        // A slip such as `-1m` is told with the others. A text could be the next flag, forgotten.
        let is_repeatable = key.takes.is_repeatable();
        let text = is_repeatable || matches!(key.takes, Takes::Text | Takes::Secret);
        let action = if is_repeatable { ArgAction::Append } else { ArgAction::Set };
        let argument = argument.action(action);
        argument.value_name(flag.placeholder).allow_hyphen_values(!text).help(help)
    })
}
