/*
 * chi2.h - are things spread as they are meant to be? Pearson's chi-squared,
 * held against the value that chance alone exceeds once in a thousand times.
 * With fixed dice the answer is always the same one.
 */
#ifndef MESH_TESTS_CHI2_H
#define MESH_TESTS_CHI2_H

#include <stdbool.h>
#include <stddef.h>

enum { CHI2_MOST = 31 }; /* kinds that can be told apart */

/* The statistic of counts against shares, of any sum and each above 0. */
double chi2_of(const unsigned *counts, const double *shares, size_t count);

/* What it exceeds with probability 0.001; degrees is 1 to CHI2_MOST - 1. */
double chi2_critical(size_t degrees);

/*
 * Do counts follow shares? Who is to have nothing has nothing, and the others
 * are as far off as chance may be.
 */
bool chi2_fits(const unsigned *counts, const double *shares, size_t count);

#endif
