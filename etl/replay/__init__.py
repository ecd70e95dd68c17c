"""Quarantined records again, through every rule of a contract as it is now.

What passes is published beside what the upload had published before, as files of its own
(`<upload id>-<content id>-<replay id>.parquet`), which the upload's run report lists; the report's counts stay those of
the run. What still fails stays in quarantine. Nothing is published twice: what replays have released is named in
`<folder>replays/<replay id>.ndjson`, which counts once the run report lists it, and the run report is written over only
as it was when the replay was judged. Keys count together with what the lake holds of the upload.

A run of the same content under another contract judges all its records again, and takes the place of its replays.
Corrected documents (`<folder>corrections/<record>-<number>.json`) it judges in place of those received.

standing.py   where a folder stands
records.py    the records that are judged again
earlier.py    what the lake holds of their upload
trial.py      their judgement
staged.py     all of it, staged
replaying.py  published, and told in the review state
correcting.py a record with its document as edited; keys.py: what that does to its key
"""

from etl.replay.correcting import correct, judge
from etl.replay.keys import KeyChange, key_changes
from etl.replay.replaying import Replayed, replay, waiting

__all__ = ["KeyChange", "Replayed", "correct", "judge", "key_changes", "replay", "waiting"]
