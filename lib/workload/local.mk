# lib/workload: what it is made of
