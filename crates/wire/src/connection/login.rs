//! Logging in: the startup message, and the proof of who we are that the server asks for.
//!
//! The server proves itself too, where SCRAM is used: an admission that comes before its proof is
//! refused, because only an impostor would skip it.

use bytes::BytesMut;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{
    self, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};
use postgres_protocol::message::frontend;

use crate::error::Error;
use crate::frame::FrameError;
use crate::message::text;
use crate::settings::{ChannelBinding, Settings};

const PASSWORD_HINT: &str = "set PGPASSWORD, or add the host to ~/.pgpass";

/// A login under way.
pub(super) struct Login {
    phase: Phase,
    encrypted: bool,
    /// What ties the login to this TLS connection, if the certificate yields it.
    server_end_point: Option<Vec<u8>>,
    /// The chosen SCRAM mechanism was bound to the TLS connection.
    bound: bool,
}

enum Phase {
    /// The startup message was sent.
    Begun,
    /// A password, plain or hashed, was sent.
    Answered,
    /// SCRAM: our nonce was sent.
    ScramBegun(ScramSha256),
    /// SCRAM: our proof was sent.
    ScramProved(ScramSha256),
    /// SCRAM: the server proved that it knows the password.
    Verified,
    /// We are in; parameters follow.
    Admitted,
    /// The server refused before the login began: an error follows.
    Refused,
}

impl Login {
    pub(super) fn unencrypted() -> Login {
        Login { phase: Phase::Begun, encrypted: false, server_end_point: None, bound: false }
    }

    pub(super) fn encrypted(server_end_point: Option<Vec<u8>>) -> Login {
        Login { phase: Phase::Begun, encrypted: true, server_end_point, bound: false }
    }

    pub(super) fn refused() -> Login {
        Login { phase: Phase::Refused, ..Login::unencrypted() }
    }

    pub(super) fn is_admitted(&self) -> bool {
        matches!(self.phase, Phase::Admitted)
    }

    /// Writes the startup message.
    pub(super) fn begin(&self, settings: &Settings, out: &mut BytesMut) -> Result<(), Error> {
        let optional = [
            ("application_name", settings.application_name.as_deref()),
            ("options", settings.options.as_deref()),
        ];
        let fixed = [
            ("user", settings.user.as_str()),
            ("database", settings.database.as_str()),
            // Every text is read as UTF-8.
            ("client_encoding", "UTF8"),
        ];
        let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let further = settings.runtime_parameters.iter().map(|(name, value)| (&**name, &**value));
        // An empty name would end the list.
        let further = further
            .filter(|(name, _)| !name.is_empty() && !name.eq_ignore_ascii_case("client_encoding"));
        let all = fixed.into_iter().chain(optional).chain(further);
        frontend::startup_message(all, out).map_err(|_| Error::Frame(FrameError::ZeroByte))
    }

    /// Answers one authentication message.
    pub(super) fn answer(
        &mut self,
        body: &[u8],
        settings: &Settings,
        out: &mut BytesMut,
    ) -> Result<(), Error> {
        let (code, data) = body.split_first_chunk::<4>().ok_or_else(out_of_turn)?;
        let code = i32::from_be_bytes(*code);
        match code {
            0 => return self.admit(settings),
            3 | 5 | 10 if !matches!(self.phase, Phase::Begun) => return Err(out_of_turn()),
            3 | 5 if settings.channel_binding == ChannelBinding::Require => {
                return Err(unbound());
            }
            3 => {
                send_password(password(settings)?.as_bytes(), out)?;
                self.phase = Phase::Answered;
            }
            5 => {
                let salt = data.try_into().map_err(|_| out_of_turn())?;
                let (user, password) = (settings.user.as_bytes(), password(settings)?.as_bytes());
                send_password(md5_hash(user, password, salt).as_bytes(), out)?;
                self.phase = Phase::Answered;
            }
            10 => self.begin_scram(data, settings, out)?,
            11 => self.prove(data, out)?,
            12 => self.verify(data)?,
            other => return Err(unsupported(method_name(other))),
        }
        Ok(())
    }

    fn admit(&mut self, settings: &Settings) -> Result<(), Error> {
        match self.phase {
            Phase::Begun | Phase::Answered | Phase::Verified => {
                if settings.channel_binding == ChannelBinding::Require && !self.bound {
                    return Err(unbound());
                }
                self.phase = Phase::Admitted;
                Ok(())
            }
            Phase::ScramBegun(_) | Phase::ScramProved(_) => Err(Error::Authentication {
                message: "the server admitted us without proving that it knows the password".into(),
                hint: Some("is it the server you think it is?"),
            }),
            Phase::Admitted | Phase::Refused => Err(out_of_turn()),
        }
    }

    fn begin_scram(
        &mut self,
        mechanisms: &[u8],
        settings: &Settings,
        out: &mut BytesMut,
    ) -> Result<(), Error> {
        let offers = |wanted: &str| list(mechanisms).any(|name| name == wanted);
        let wanted = settings.channel_binding != ChannelBinding::Disable;
        let end_point = self.server_end_point.take().filter(|_| wanted);
        let (name, binding) = match end_point {
            Some(hash) if offers(SCRAM_SHA_256_PLUS) => {
                self.bound = true;
                (SCRAM_SHA_256_PLUS, sasl::ChannelBinding::tls_server_end_point(hash))
            }
            _ if settings.channel_binding == ChannelBinding::Require => return Err(unbound()),
            _ if !offers(SCRAM_SHA_256) => {
                return Err(unsupported(list(mechanisms).collect::<Vec<_>>().join(", ")));
            }
            // "We could, you can't": a server that could then knows that somebody took its offer
            // off the list.
            Some(_) if self.encrypted => (SCRAM_SHA_256, sasl::ChannelBinding::unrequested()),
            _ => (SCRAM_SHA_256, sasl::ChannelBinding::unsupported()),
        };
        let scram = ScramSha256::new(password(settings)?.as_bytes(), binding);
        frontend::sasl_initial_response(name, scram.message(), out).map_err(|_| out_of_turn())?;
        self.phase = Phase::ScramBegun(scram);
        Ok(())
    }

    fn prove(&mut self, data: &[u8], out: &mut BytesMut) -> Result<(), Error> {
        let Phase::ScramBegun(mut scram) = std::mem::replace(&mut self.phase, Phase::Refused)
        else {
            return Err(out_of_turn());
        };
        scram.update(data).map_err(scram_failed)?;
        frontend::sasl_response(scram.message(), out).map_err(|_| out_of_turn())?;
        self.phase = Phase::ScramProved(scram);
        Ok(())
    }

    fn verify(&mut self, data: &[u8]) -> Result<(), Error> {
        let Phase::ScramProved(scram) = &mut self.phase else { return Err(out_of_turn()) };
        scram.finish(data).map_err(scram_failed)?;
        self.phase = Phase::Verified;
        Ok(())
    }
}

fn password(settings: &Settings) -> Result<&str, Error> {
    let missing = || Error::Authentication {
        message: "the server asks for a password, and none was given".into(),
        hint: Some(PASSWORD_HINT),
    };
    settings.password.as_ref().map(|secret| secret.expose()).ok_or_else(missing)
}

fn send_password(password: &[u8], out: &mut BytesMut) -> Result<(), Error> {
    frontend::password_message(password, out).map_err(|_| Error::Authentication {
        message: "the password contains a zero byte".into(),
        hint: None,
    })
}

/// The texts of a list, each ended by a zero byte.
fn list(bytes: &[u8]) -> impl Iterator<Item = String> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (name, tail) = text(rest).filter(|(name, _)| !name.is_empty())?;
        rest = tail;
        Some(name.into_owned())
    })
}

fn method_name(code: i32) -> String {
    match code {
        2 => "Kerberos V5".to_owned(),
        6 => "SCM credentials".to_owned(),
        7 | 8 => "GSSAPI".to_owned(),
        9 => "SSPI".to_owned(),
        other => format!("number {other}"),
    }
}

fn unsupported(method: String) -> Error {
    Error::Authentication {
        message: format!("the server asks for an authentication we don't have: {method}").into(),
        hint: Some("let pg_hba.conf ask this user for scram-sha-256"),
    }
}

fn unbound() -> Error {
    Error::Authentication {
        message: "channel_binding=require, and the server's authentication has none".into(),
        hint: Some("it takes TLS and a password stored as scram-sha-256"),
    }
}

fn scram_failed(cause: std::io::Error) -> Error {
    Error::Authentication { message: format!("SCRAM failed: {cause}").into(), hint: None }
}

fn out_of_turn() -> Error {
    Error::protocol("an authentication message that has no place here")
}
