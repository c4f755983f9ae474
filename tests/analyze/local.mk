# tests/analyze: the findings of Istio's own analyzers, asked anew
EXTRA_DIST += \
	tests/analyze/ask/go.mod \
	tests/analyze/ask/go.sum \
	tests/analyze/ask/main.go \
	tests/analyze/compare.py \
	tests/analyze/scatter.py
