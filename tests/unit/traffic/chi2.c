/*
 * chi2.c - Pearson's test, and its table.
 */
#include "chi2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The 99.9th percentiles of the distribution, by degrees of freedom. */
static const double critical[CHI2_MOST] = {
    0,      10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322,
    26.124, 27.877, 29.588, 31.264, 32.909, 34.528, 36.123, 37.697,
    39.252, 40.790, 42.312, 43.820, 45.315, 46.797, 48.268, 49.728,
    51.179, 52.620, 54.052, 55.476, 56.892, 58.301, 59.703,
};

double chi2_of(const unsigned *counts, const double *shares, size_t count)
{
    double total = 0, sum = 0, chi2 = 0;

    for (size_t i = 0; i < count; i++) {
        total += counts[i];
        sum += shares[i];
    }
    for (size_t i = 0; i < count; i++) {
        double expected = total * shares[i] / sum;
        double off = counts[i] - expected;

        chi2 += off * off / expected;
    }
    return chi2;
}

double chi2_critical(size_t degrees)
{
    assert_in_range(degrees, 1, CHI2_MOST - 1);
    return critical[degrees];
}

bool chi2_fits(const unsigned *counts, const double *shares, size_t count)
{
    unsigned some[CHI2_MOST];
    double of[CHI2_MOST];
    size_t used = 0;

    assert_true(count <= CHI2_MOST);
    for (size_t i = 0; i < count; i++) {
        if (shares[i] > 0) {
            some[used] = counts[i];
            of[used++] = shares[i];
        } else if (counts[i]) {
            return false;
        }
    }
    return used < 2 || chi2_of(some, of, used) <= chi2_critical(used - 1);
}
