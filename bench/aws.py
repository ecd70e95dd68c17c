"""What AWS asks for things, and what it allows: list prices and default quotas of us-east-1, November 2026.

Each has its source. AWS: its own documentation or price list, read this month. Second-hand: what others quote of such a
page that could not be read itself. As before: taken over, not looked up again. Assumed: nobody's word but ours. Quotas
marked * are raised on request.
"""

from __future__ import annotations

# --- prices, dollars --------------------------------------------------------------------------------------------------

# Lambda, x86. AWS (How AWS Pricing Works). A cold start is billed like the rest since August 2025, AWS (Compute Blog).
GIB_SECOND = 0.0000166667
INVOCATION = 0.20e-6

# S3 Standard. As before. A DELETE is free.
WRITE = 5e-6  # PUT, COPY, POST, LIST
READ = 0.4e-6  # GET, HEAD
STORED = 0.023  # a GB for a month, of the first 50 TB. Not confirmed

MESSAGE = 0.40e-6  # one request to SQS; each upload is sent, received and deleted. As before
NOTICE = 0.50e-6  # one message to SNS. As before
MAIL = 20e-6  # its delivery by e-mail. As before
TRACE = 5e-6  # one trace of X-Ray. Second-hand, and as before
LOGGED = 0.50e-9  # a byte of logs. Second-hand, and as before

TRANSITION = 25e-6  # of a Standard workflow. AWS (Step Functions pricing)
EXPRESS = 1e-6  # one execution of an Express workflow. Second-hand
EXPRESS_GIB_SECOND = 0.0000166667  # of its duration, by 64 MB. Second-hand

# EC2 c7i.8xlarge, 32 virtual processors and 64 GiB, Linux, on demand. Second-hand (two price lists of 2026 agree).
MACHINE_HOUR = 1.428

# EMR Serverless, x86. Second-hand (five projects of 2026 quote the same from AWS's price list).
EMR_PROCESSOR_HOUR = 0.052624
EMR_GB_HOUR = 0.0057785

DPU_HOUR = 0.44  # of Glue for Spark: 4 virtual processors, 16 GB. AWS (Glue pricing)

# --- quotas -----------------------------------------------------------------------------------------------------------

# S3, requests a second of one partition of the index. AWS (S3 performance guidelines). S3 splits a partition by itself
# where load stays high; until then it answers 503. Second-hand (re:Post): that takes 30 to 60 minutes.
S3_WRITES = 3500  # PUT, COPY, POST, DELETE; LIST is counted here; AWS names it in neither
S3_READS = 5500  # GET, HEAD
S3_LISTED = 1000  # names in one answer to LIST. AWS (S3 API)

# Lambda. AWS (Lambda quotas). New accounts begin with less.
CONCURRENCY = 1000  # * functions at a time
TIMEOUT = 900  # seconds
MEMORY = 10240  # MiB
TEMPORARY = 10240  # MiB in /tmp
PROCESSOR = 1769  # MiB of memory that bring one virtual processor

# A queue that calls a function. AWS (Lambda: scaling of SQS event sources).
POLLED = 5  # calls at a time, to begin with
POLLED_MORE = 300  # calls at a time more, each minute
RETENTION = 14  # days that SQS keeps a message, at most. As template.yaml has it
IN_FLIGHT = 120_000  # messages taken and not yet deleted, of a standard queue. AWS (SQS quotas)

# Step Functions. Second-hand (a mirror of AWS's quotas page, and a survey of October 2026 that quotes it).
CHILDREN = 10_000  # executions of one Distributed Map at a time
STARTED_STANDARD = 100  # children that it starts in a second
STARTED_EXPRESS = 1000
TRANSITIONS = 5000  # * a second, of all Standard workflows in the region
EXPRESS_SECONDS = 300  # that an Express workflow may last. AWS (Step Functions quotas)

MAILS = 10  # a second for one address; then SNS ends its subscription, the alarms' too. AWS (re:Post): a hard limit

TRACES = 1  # a second that X-Ray takes of a function whatever comes,
TRACED = 0.05  # and this share of the others. Second-hand (the default rule)

EMR_PROCESSORS = 16  # * virtual processors at a time, of an account. Second-hand (AWS's own page, as mirrored)
GLUE_UNITS = 1000  # * DPUs at a time, of an account. Second-hand (one list of quotas)
MACHINE_NETWORK = 1560  # MB a second: 12.5 Gbit. Not confirmed
MACHINE_DISK = 125  # MB a second of a gp3 volume as it comes (*, for money). Second-hand
MACHINE_DIRTY = 6400  # MB in files that Linux holds back from the disk: a tenth of memory; and for
MACHINE_EXPIRE = 30  # seconds. As Linux comes

# --- assumed ----------------------------------------------------------------------------------------------------------

LATENCY = 0.03  # seconds of one request to S3, from the same region
LISTING = 0.15  # seconds of a LIST with 1,000 names
TRANSFER = 75  # MB a second of one connection to S3
COLD = 3.0  # seconds until a function that was not there is
