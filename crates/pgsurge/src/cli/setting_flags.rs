//! The flags that are settings, made from the table of keys.
//!
//! clap only collects their text: what it means, and whether it fits, is said where everything
//! else about settings is said, so that all slips are told together.

use crate::settings::keys::{self, Default};
use crate::settings::{Takes, Typed};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

/// Every setting that was typed, in the order of the table.
#[derive(Clone, Debug)]
pub struct SettingFlags(pub Vec<Typed>);

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = keys::all().filter_map(|key| {
            let flag = key.flag?;
            if flag.placeholder.is_empty() {
                matches.get_flag(flag.name).then(|| (key, "true".to_owned()))
            } else {
                matches.get_one::<String>(flag.name).map(|text| (key, text.clone()))
            }
        });
        Ok(SettingFlags(typed.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = SettingFlags::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        keys::all()
            .filter(|key| key.flag.is_some())
            .fold(command, |command, key| command.args(argument(key)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        SettingFlags::augment_args(command)
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
            _ if flag.placeholder == "FILE" => argument.value_hint(ValueHint::FilePath),
            _ => argument,
        })
    })
}

fn argument(key: &'static keys::Key) -> Option<Arg> {
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
        let text = matches!(key.takes, Takes::Text | Takes::Secret);
        argument.value_name(flag.placeholder).allow_hyphen_values(!text).help(help)
    })
}
