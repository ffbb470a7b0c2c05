//! A row as it stands in the file, there and back.

use std::sync::LazyLock;

use mailmove_core::{Alteration, Digest, Flags, ItemFlags, ItemId, Loss, Mark, Position, Revision, Via};
use rusqlite::types::Type;
use rusqlite::{Connection, Statement, ToSql};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset};

use super::code;
use super::error::Fault;
use super::names::Names;
use super::tally::Codes;
use crate::ledger::{Failure, FolderKey, Place, Row, Target};

/// The columns of `item`, in the order in which [`bind`] and [`decode`] know them.
pub(super) const COLUMNS: &str = "folder, item, kind, state, reason, attempt, content, flags, size, received, \
    received_zone, received_nanos, digest_key, digest, identity_key, identity, uid, weak_key, mark, target, target_item, \
    target_revision, floor, via, evidence, run, at, rare";

/// The columns by which a row is found whatever becomes of it: not rewritten while they stay the same, so that their
/// indexes are not touched.
const FINDING: [&str; 4] = ["digest_key", "digest", "identity_key", "identity"];

/// What few rows have.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Rare {
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    losses: Vec<Loss>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    altered: Vec<Alteration>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<String>,
}

/// The numbers that stand for parts of a row in the file.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) reason: Option<i64>,
    pub(super) via: Option<i64>,
    pub(super) target: Option<i64>,
    pub(super) digest: Option<i64>,
    pub(super) identity: Option<i64>,
}

/// Puts in a row where there is none, and does nothing where there is one.
pub(super) static INSERT: LazyLock<String> = LazyLock::new(insert);

/// Puts a row in the place of its former version.
pub(super) static UPDATE: LazyLock<String> = LazyLock::new(|| update(false));

/// The same when both are found by the same things.
pub(super) static UPDATE_FOUND_ALIKE: LazyLock<String> = LazyLock::new(|| update(true));

fn insert() -> String {
    let values: Vec<String> = (1..=COLUMNS.split(',').count()).map(|at| format!("?{at}")).collect();
    format!("INSERT INTO item ({COLUMNS}) VALUES ({}) ON CONFLICT DO NOTHING", values.join(", "))
}

fn update(found_alike: bool) -> String {
    let columns = COLUMNS.split(',').map(str::trim).enumerate().skip(2);
    let columns = columns.filter(|(_, name)| !(found_alike && FINDING.contains(name)));
    let set: Vec<String> = columns.map(|(at, name)| format!("{name} = ?{}", at + 1)).collect();
    format!("UPDATE item SET {} WHERE folder = ?1 AND item = ?2", set.join(", "))
}

/// The key under which the rows of one job with this digest lie side by side: the job before the digest's first bytes, so
/// that the rows of one mailbox stay together in the index. Whoever looks compares the whole digest.
pub(super) fn digest_key(job: i64, digest: &Digest) -> i64 {
    let [a, b, c, d, e, ..] = *digest.as_bytes();
    job << 40 | i64::from_be_bytes([0, 0, 0, a, b, c, d, e])
}

/// The same for an identity.
pub(super) fn identity_key(job: i64, identity: &str) -> i64 {
    digest_key(job, &Digest::of(identity.as_bytes()))
}

/// Fills in the parameters of [`INSERT`] and [`UPDATE`].
pub(super) fn bind(statement: &mut Statement<'_>, row: &Row, keys: &Keys) -> Result<(), Fault> {
    let mut at = 0;
    let mut put = |value: &dyn ToSql| {
        at += 1;
        statement.raw_bind_parameter(at, value)
    };
    put(&row.place.folder.0)?;
    put(&row.place.item.as_str())?;
    put(&code::kind(row.kind))?;
    put(&code::state(row.state))?;
    put(&keys.reason)?;
    put(&row.attempt)?;
    put(&row.content.as_str())?;
    put(&row.flags.state.bits())?;
    put(&row.size.cast_signed())?;
    put(&row.received.map(OffsetDateTime::unix_timestamp))?;
    put(&row.received.map(|moment| moment.offset().whole_seconds()).filter(|&zone| zone != 0))?;
    put(&row.received.map(OffsetDateTime::nanosecond).filter(|&nanos| nanos != 0))?;
    put(&keys.digest)?;
    put(&row.digest.as_ref().map(Digest::as_bytes))?;
    put(&keys.identity)?;
    put(&row.identity)?;
    put(&row.uid)?;
    put(&row.key.as_ref().map(Digest::as_bytes))?;
    put(&row.mark.as_ref().map(Mark::as_str))?;
    put(&keys.target)?;
    let target = row.target.as_ref();
    put(&target.and_then(|target| target.item.as_ref()).map(ItemId::as_str))?;
    put(&target.and_then(|target| target.revision.as_ref()).map(Revision::as_str))?;
    put(&row.floor.as_ref().map(Position::as_str))?;
    put(&keys.via)?;
    put(&row.evidence.map(code::evidence))?;
    put(&row.run)?;
    put(&nanos_of(row.at))?;
    put(&rare_of(row)?)?;
    Ok(())
}

/// Reads [`COLUMNS`] from the first column on.
pub(super) fn decode(found: &rusqlite::Row<'_>, conn: &Connection, names: &mut Names) -> Result<Row, Fault> {
    let place = Place { folder: FolderKey(found.get(0)?), item: text(found, 1)?.into() };
    let kind = code::kind_of(found.get(2)?).ok_or(Fault::Damaged("kind of an item"))?;
    let state = code::state_of(found.get(3)?).ok_or(Fault::Damaged("state of an item"))?;
    let mut row = Row::new(place, kind, state);
    row.reason = found.get::<_, Option<i64>>(4)?.map(|key| names.word_of(conn, key)).transpose()?;
    row.attempt = found.get(5)?;
    row.content = text(found, 6)?.into();
    row.flags = Flags::new(ItemFlags::from_bits_retain(found.get(7)?));
    row.size = found.get::<_, i64>(8)?.cast_unsigned();
    row.received =
        found.get::<_, Option<i64>>(9)?.map(|seconds| moment(seconds, found.get(10), found.get(11))).transpose()?;
    row.digest = found.get::<_, Option<[u8; 32]>>(13)?.map(Digest::from_bytes);
    row.identity = found.get(15)?;
    row.uid = found.get(16)?;
    row.key = found.get::<_, Option<[u8; 32]>>(17)?.map(Digest::from_bytes);
    row.mark = opt_text(found, 18)?.map(Mark::from);
    if let Some(key) = found.get::<_, Option<i64>>(19)? {
        let (folder, epoch) = names.target_of(conn, key)?;
        let mut target = Target::new(folder, epoch);
        target.item = opt_text(found, 20)?.map(ItemId::from);
        target.revision = opt_text(found, 21)?.map(Revision::from);
        row.target = Some(target);
    }
    row.floor = opt_text(found, 22)?.map(Position::from);
    row.via = found.get::<_, Option<i64>>(23)?.map(|key| names.word_of(conn, key)).transpose()?.map(Via::new);
    let evidence: Option<i64> = found.get(24)?;
    row.evidence =
        evidence.map(|code| code::evidence_of(code).ok_or(Fault::Damaged("evidence of an item"))).transpose()?;
    row.run = found.get(25)?;
    row.at = OffsetDateTime::from_unix_timestamp_nanos(found.get::<_, i64>(26)?.into())
        .map_err(|_| Fault::Damaged("time of an item"))?;
    if let Some(rare) = opt_text(found, 27)? {
        let rare = read_rare(rare)?;
        row.failure = rare.failure;
        row.losses = rare.losses;
        row.altered = rare.altered;
        rare.categories.into_iter().for_each(|name| row.flags.add_category(name));
    }
    Ok(row)
}

/// The remarks of a row.
pub(super) fn codes(row: &Row) -> Codes<'_> {
    codes_of(&row.losses, &row.altered)
}

/// The remarks of a row of which only the rare column was read.
pub(super) fn with_codes(rare: &str, look: impl FnOnce(&Codes<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
    let rare = read_rare(rare)?;
    look(&codes_of(&rare.losses, &rare.altered))
}

/// The text of a column, without a copy.
pub(super) fn text<'a>(found: &'a rusqlite::Row<'_>, at: usize) -> Result<&'a str, Fault> {
    opt_text(found, at)?.ok_or_else(|| rusqlite::Error::InvalidColumnType(at, String::new(), Type::Null).into())
}

pub(super) fn opt_text<'a>(found: &'a rusqlite::Row<'_>, at: usize) -> Result<Option<&'a str>, Fault> {
    found.get_ref(at)?.as_str_or_null().map_err(|_| Fault::Damaged("text of a row"))
}

fn codes_of<'a>(losses: &'a [Loss], altered: &'a [Alteration]) -> Codes<'a> {
    [losses.iter().map(|loss| &*loss.code).collect(), altered.iter().map(|altered| &*altered.code).collect()]
}

fn read_rare(text: &str) -> Result<Rare, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::Damaged("details of an item"))
}

fn rare_of(row: &Row) -> Result<Option<String>, Fault> {
    let plain = row.failure.is_none() && row.losses.is_empty() && row.altered.is_empty();
    if plain && row.flags.categories().len() == 0 {
        return Ok(None);
    }
    let rare = Rare {
        failure: row.failure.clone(),
        losses: row.losses.clone(),
        altered: row.altered.clone(),
        categories: row.flags.categories().map(str::to_owned).collect(),
    };
    serde_json::to_string(&rare).map(Some).map_err(|_| Fault::Damaged("details of an item"))
}

/// Nanoseconds since 1970, up to the ends of the years 1677 and 2262.
fn nanos_of(moment: OffsetDateTime) -> i64 {
    let nanos = moment.unix_timestamp_nanos();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

fn moment(
    seconds: i64,
    zone: rusqlite::Result<Option<i32>>,
    nanos: rusqlite::Result<Option<u32>>,
) -> Result<OffsetDateTime, Fault> {
    let (zone, nanos) = (zone?.unwrap_or(0), nanos?.unwrap_or(0));
    let moment = OffsetDateTime::from_unix_timestamp(seconds).and_then(|moment| moment.replace_nanosecond(nanos));
    let zone = UtcOffset::from_whole_seconds(zone);
    let moment = moment.ok().zip(zone.ok()).and_then(|(moment, zone)| moment.checked_to_offset(zone));
    moment.ok_or(Fault::Damaged("date of an item"))
}
