// Many tests wait for other processes, or for a time to run out: on two cores three at a time are faster than two.
[assembly: LevelOfParallelism(3)]
