# tests/abi: scripts/check-abi compares headers, version script and symbols;
# what a release exported is kept here, from the first release on
