"""Edits of the contract that would release quarantined records, with their effect.

A record that breaks a rule may be wrong, or the rule may be: a new value of an enumeration, a longer text, a new field,
a value that need not be there, another format of dates. For these, and only where the edit alone would release records,
the run report shows it as a patch. Judgements are left to people: no limit of a number is ever moved, no key, no
condition.

An edit is text put into text: comments and layout stay. It is shown only if the edited text is a contract again and
`etl.diff` finds the change that was meant, and no other; its effect and version step are `etl.diff`'s.

causes.py       violations by their cause, block by block
values.py       groups of an enumeration, of lengths, of missing values
formats.py      groups of dates and times in another format
fields.py       groups of fields that no column reads
edits.py        groups to edits
layout.py       where to put them in the YAML
suggestions.py  the edits that hold, as the run report has them
patches.py      unified diffs
"""

from etl.suggest.causes import Causes

__all__ = ["Causes"]
