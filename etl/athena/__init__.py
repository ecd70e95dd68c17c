"""What Athena sees of the lake, worked out from a contract alone: no AWS is asked, and none of its libraries.

names.py       what tables are called
limits.py      what a column's checks let in
projection.py  which partitions a query finds
obstacles.py   columns that it can't read
"""
