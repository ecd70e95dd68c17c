"""The commit protocol: how one upload's staged files become the lake, all or none, whoever else is at it.

    <runs><upload id>.json                          the run report: who holds it has committed
    <runs><upload id>.intents/<content id>.json     what a run of this content is about to publish
    <runs><upload id>.intents/<content id>-<replay id>.json     what a replay is about to add

A run, in this order:

1. announce   writes its intent, which names every file it may publish. An intent of the same content that is there
              already is added to: the files of a run that was killed stay known.
2. look       lists the report and the intents, after its own is written: of two runs, at least one sees the other.
3. follow     the newest content wins, by arrival. Equal arrival (S3 counts seconds): what lies at the source now.
              The loser removes what it alone has published, then its intent, and is `superseded`.
4. finish     if the report's own run has not cleaned up yet, does that first, in its stead. Then adds to its intent
              what it replaces, since the report that tells is about to be written over.
5. put        writes the files. Names are a function of upload and content: a retry writes over and never adds.
6. commit     writes the report if the one it saw is still there (or still none). Else again, from 1.
7. settle     marks the predecessor's quarantine as superseded, removes the predecessor's lake files and the files of
              older intents and what those had replaced, looks once more, and removes its own intent. Older intents it
              removes only where the report was of its own upload already: before, their runs may be at work, and what
              they still put must be known.

A first upload costs a LIST, one PUT each for intent, files and report, and a DELETE.

It is killed, or the storage fails:

| in | there is | who puts it right |
|---|---|---|
| 1 to 5 | the intent, some files | the retry writes over them; a successor removes the files in 7, by the intent |
| 6 | as before or as after | the retry: to find the same report is no conflict |
| 7 | the report, stale files, the intent | the retry, whose 1 keeps the intent; a successor, in 4 |
| 3, as loser | the intent, some files | its retry reads the newest content; that run's 7 |
| any, and replaced | the intent, files that it put since | its retry, likewise; until then an intent may lie about |

Two at once:

| | |
|---|---|
| the older commits first | the newer finds that in 6, starts again, and replaces it |
| the newer commits first | the older finds that in 6, starts again, and is superseded |
| the same content twice | the same files and the same report: the second finds nothing to change |
| one removes a file of the other's | see below |

Only files of older content are removed, and never those that a newer intent names; and who starts again puts its files
again. Old content that comes back at that very moment has the names of the files being removed: who has removed them
looks once more and raises `Conflict` if they are wanted by now, and the retry puts them.

A replay adds files to an upload that is published. It has an intent of its own, `<content id>-<replay id>.json`, puts
its files, and writes the report with one entry more, if that is still the one that it was judged against (its basis);
else it removes what it has put and is judged again, or, where other content has come, is `superseded`. To be killed
leaves the intent, and files that no report lists: the same replay writes over them; and once the report is another than
the basis, so that it could not commit any more, the next run or replay removes them. Until then they stay, for it may
be slow and about to commit. Its intent stays until that replay is done again, or the upload has other content. A rerun
under the same contract keeps the replays; under another it judges all records anew, those of corrected documents as
corrected, and the replays' files go.

Who is slow can't be told from who is dead, so this rests on what queues promise: the event of a run that was cut short
comes again. Known gaps: with three runs at once, one puts files, and before its 6 is replaced, has its intent removed
by a doubled event (of its successor, or before that of its own), and is killed; those files are in no intent.
One content under two contract versions at the same time: the last to commit wins, and a retry makes it whole. And
content that is replaced and back within one second of S3's clock counts as never gone.
"""

from etl.commit.adding import Addition, add, tidy
from etl.commit.claims import Claim, Publication, dump, instant, report
from etl.commit.protocol import Outcome, corrections, is_settled, publish
from etl.commit.states import State

__all__ = [
    "Addition",
    "Claim",
    "Outcome",
    "Publication",
    "State",
    "add",
    "corrections",
    "dump",
    "instant",
    "is_settled",
    "publish",
    "report",
    "tidy",
]
