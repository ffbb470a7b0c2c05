//! The destination's folders: those that are there, and those that are made.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mailmove_core::{Destination, EnsuredFolder, Error, FolderId, NewFolder, Recovery, Result};

use crate::mapping::Mapped;
use crate::migration::Settings;
use crate::pass::{TargetFolder, short_answer};

/// Folders that have a target, the targets by path, and the folders that got none.
pub(crate) type Ensured = (Vec<Mapped>, HashMap<Vec<String>, Arc<TargetFolder>>, Vec<(FolderId, Error)>);

/// Makes the folders that are missing, all in one call, and drops from the map those that cannot be made.
pub(crate) async fn ensure(settings: &Settings, destination: &dyn Destination, mapped: Vec<Mapped>) -> Result<Ensured> {
    let mut targets: HashMap<Vec<String>, Arc<TargetFolder>> = HashMap::new();
    let (mut asked, mut paths) = (Vec::new(), HashSet::new());
    for one in &mapped {
        let subscribe = settings.rules.subscriptions && one.folder.subscribed == Some(true);
        match &one.existing {
            Some(there) if !(subscribe && there.subscribed == Some(false)) => {
                let mut ensured = EnsuredFolder::new(there.id.clone(), there.epoch.clone());
                ensured.items = there.items;
                ensured.position = there.position.clone();
                targets
                    .entry(one.target.clone())
                    .or_insert_with(|| Arc::new(TargetFolder::new(one.target.clone(), ensured)));
            }
            _ if one.nowhere => {
                let target = Arc::new(TargetFolder::nowhere(one.target.clone()));
                targets.entry(one.target.clone()).or_insert(target);
            }
            _ if !paths.insert(one.target.clone()) => {}
            _ => {
                let mut folder = NewFolder::new(one.target.clone());
                folder.role = one.folder.role;
                folder.kinds = one.folder.kinds.clone();
                folder.subscribed = one.folder.subscribed.filter(|_| settings.rules.subscriptions);
                asked.push(folder);
            }
        }
    }
    let mut errors = Vec::new();
    let mut failed: HashMap<Vec<String>, Error> = HashMap::new();
    if !asked.is_empty() {
        let verdicts = destination.ensure_folders(&asked).await;
        if verdicts.len() != asked.len() {
            return Err(short_answer("ensure_folders"));
        }
        for (folder, verdict) in asked.into_iter().zip(verdicts) {
            match verdict {
                Ok(ensured) => {
                    let target = Arc::new(TargetFolder::new(folder.path.clone(), ensured));
                    targets.insert(folder.path, target);
                }
                Err(error) => match error.recovery() {
                    Recovery::StopMailbox | Recovery::StopAll | Recovery::Pause { .. } => return Err(error),
                    _ => drop(failed.insert(folder.path, error)),
                },
            }
        }
    }
    let mapped = mapped
        .into_iter()
        .filter(|one| match failed.get(&one.target) {
            Some(error) => {
                errors.push((one.folder.id.clone(), error.clone()));
                false
            }
            None => true,
        })
        .collect();
    Ok((mapped, targets, errors))
}
