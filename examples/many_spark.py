#!/usr/bin/env python3
"""many_spark.py LIST OUT - a long list of pictures through Spark's pipe().

Spark hands each partition of the list to a `tarsier --json -` and keeps its lines when
it has ended well; one that was killed is done again from its beginning.  OUT is a folder,
as always with Spark.  MASTER is where it runs (default: two workers here, and four tries
for each partition); TARSIER the command (default: tarsier faces).
SPDX-License-Identifier: MIT
"""
import os
import shlex
import sys

from pyspark.sql import SparkSession

listing, out = sys.argv[1:]
tarsier = os.environ.get("TARSIER", "tarsier faces")
size = int(os.environ.get("PART", 1000))
spark = SparkSession.builder.master(os.environ.get("MASTER", "local[2,4]")).getOrCreate()
paths = spark.sparkContext.textFile("file://" + os.path.abspath(listing))
parts = paths.repartition(max(1, paths.count() // size))
# Status 1 is a picture that cannot be read: it has its line, and a retry would not help.
# If it should be something else, the lines are counted in the end.
command = "sh -c " + shlex.quote(tarsier + " --json - || [ $? -eq 1 ]")
target = "file://" + os.path.abspath(out)
parts.pipe(command, env=dict(os.environ), checkCode=True).saveAsTextFile(target)
missing = paths.count() - spark.sparkContext.textFile(target).count()
spark.stop()
if missing:
    sys.exit(f"{missing} lines are missing")
