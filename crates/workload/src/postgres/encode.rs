//! Requests as messages: what can be known of a statement beforehand is encoded once.
//!
//! On the prepared protocol a call is three copies: the head of its Bind, its parameters, and a
//! tail that is the same for all. Nothing is allocated once the buffers have grown.

use super::literal::Template;
use super::request::{Called, Request};
use super::statement::{Protocol, Statement, Type, transaction_control};
use bytes::{BufMut, BytesMut};
use model::catalog::Kind;
use model::failure::{ErrorClass, Failure};
use wire::frame;

/// The end of every Bind (results in binary), and Execute of the unnamed portal for all rows.
const TAIL: [u8; 14] = [0, 1, 0, 1, b'E', 0, 0, 0, 9, 0, 0, 0, 0, 0];
/// How many bytes of it belong to Bind.
const BIND_TAIL: usize = 4;

/// Every statement of a run, ready to be sent.
#[derive(Debug)]
pub(super) struct Encoder {
    protocol: Protocol,
    statements: Vec<Encoded>,
}

#[derive(Debug)]
struct Encoded {
    statement: Statement,
    /// Parse of the unnamed statement, where it goes along with every call.
    parse: BytesMut,
    /// Bind up to the first parameter, its length still to come.
    bind: BytesMut,
    template: Template,
}

impl Encoder {
    /// Encodes transaction control and the workload's own statements. Fails on a text or name
    /// that no message can hold.
    pub(super) fn new(
        own: Vec<Statement>,
        protocol: Protocol,
    ) -> Result<Encoder, frame::FrameError> {
        let statements = transaction_control()
            .into_iter()
            .chain(own)
            .map(|statement| Encoded::new(statement, protocol))
            .collect::<Result<_, _>>()?;
        Ok(Encoder { protocol, statements })
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(super) fn statement(&self, id: u16) -> Option<&Statement> {
        self.statements.get(usize::from(id)).map(|encoded| &encoded.statement)
    }

    /// Whether a statement is meant to undo: any other that ends with ROLLBACK was refused.
    pub(super) fn rolls_back(&self, id: u16) -> bool {
        let undoes = |sql: &str| {
            let word = sql.split_whitespace().next().unwrap_or_default();
            word.eq_ignore_ascii_case("rollback") || word.eq_ignore_ascii_case("abort")
        };
        self.statement(id).is_some_and(|statement| undoes(&statement.sql))
    }

    /// Prepares everything in one round trip. Returns what is prepared, in order.
    pub(super) fn prepare(&self, plain: &mut BytesMut) -> Result<Vec<u16>, frame::FrameError> {
        let mut prepared = Vec::new();
        for (id, Encoded { statement, .. }) in (0_u16..).zip(&self.statements) {
            if is_prepared(statement, self.protocol) {
                let oids: Vec<_> = statement.parameters.iter().map(|kind| kind.oid()).collect();
                frame::parse(plain, statement.name, &statement.sql, &oids)?;
                prepared.push(id);
            }
        }
        if !prepared.is_empty() {
            frame::sync(plain);
        }
        Ok(prepared)
    }

    /// Appends a request: one batch with one Sync, or in the simple protocol a message per call.
    pub(super) fn encode(&self, request: &Request, plain: &mut BytesMut) -> Result<(), Failure> {
        for called in request.calls() {
            let encoded = self
                .statements
                .get(usize::from(called.statement))
                .ok_or_else(|| unexpected(format!("no statement {}", called.statement)))?;
            encoded.check(called)?;
            match self.protocol {
                Protocol::Simple => encoded.put_query(called, plain)?,
                Protocol::Extended | Protocol::Prepared => encoded.put_batch(called, plain)?,
            }
        }
        if self.protocol != Protocol::Simple {
            frame::sync(plain);
        }
        Ok(())
    }
}

impl Encoded {
    fn new(statement: Statement, protocol: Protocol) -> Result<Encoded, frame::FrameError> {
        let (mut parse, mut bind) = (BytesMut::new(), BytesMut::new());
        let name = match is_prepared(&statement, protocol) {
            true => statement.name,
            false => {
                let oids: Vec<_> = statement.parameters.iter().map(|kind| kind.oid()).collect();
                frame::parse(&mut parse, "", &statement.sql, &oids)?;
                ""
            }
        };
        let count = u16::try_from(statement.parameters.len());
        let count = count.map_err(|_| frame::FrameError::TooLong)?;
        // The unnamed portal; one parameter format, which stands for all: binary.
        bind.put_slice(&[b'B', 0, 0, 0, 0, 0]);
        bind.put_slice(name.as_bytes());
        bind.put_slice(&[0, 0, 1, 0, 1]);
        bind.put_u16(count);
        let template = Template::new(&statement.sql);
        Ok(Encoded { statement, parse, bind, template })
    }

    /// Whether the call gives what the statement declares.
    #[inline]
    fn check(&self, called: Called<'_>) -> Result<(), Failure> {
        let declared = self.statement.parameters;
        let fits =
            |(given, declared): (&Option<Type>, &Type)| given.is_none_or(|it| it == *declared);
        match called.types.len() == declared.len() && called.types.iter().zip(declared).all(fits) {
            true => Ok(()),
            false => Err(unexpected(format!(
                "statement {} takes {declared:?} and was given {:?}",
                self.statement.name, called.types
            ))),
        }
    }

    #[inline]
    fn put_batch(&self, called: Called<'_>, plain: &mut BytesMut) -> Result<(), Failure> {
        let length = self.bind.len() - 1 + called.values.len() + BIND_TAIL;
        let length = i32::try_from(length).map_err(|_| self.too_long())?;
        plain.reserve(self.parse.len() + self.bind.len() + called.values.len() + TAIL.len());
        plain.put_slice(&self.parse);
        let start = plain.len();
        plain.put_slice(&self.bind);
        plain[start + 1..start + 5].copy_from_slice(&length.to_be_bytes());
        plain.put_slice(called.values);
        plain.put_slice(&TAIL);
        Ok(())
    }

    fn put_query(&self, called: Called<'_>, plain: &mut BytesMut) -> Result<(), Failure> {
        let mut sql = String::with_capacity(self.statement.sql.len() + called.values.len());
        self.template
            .write(called, self.statement.parameters, &mut sql)
            .map_err(|what| unexpected(format!("statement {}: {what}", self.statement.name)))?;
        frame::query(plain, &sql)
            .map_err(|cause| unexpected(format!("statement {}: {cause}", self.statement.name)))
    }

    #[cold]
    fn too_long(&self) -> Failure {
        unexpected(format!("the parameters of {} are longer than 2 GiB", self.statement.name))
    }
}

/// Transaction control never is: PostgreSQL counts prepared utility statements once.
fn is_prepared(statement: &Statement, protocol: Protocol) -> bool {
    protocol == Protocol::Prepared && statement.kind != Kind::Transaction
}

/// A request that no statement can take: the workload's fault.
#[cold]
pub(super) fn unexpected(message: String) -> Failure {
    Failure::new(ErrorClass::Unexpected, message)
}
