/* A small writer of line plots as SVG, legible on light and dark ground. */
#pragma once

#include <stddef.h>
#include <stdio.h>

typedef struct PlotLine {
    const char *name;
    const double *x;
    const double *y;
    size_t count;
} PlotLine;

typedef struct Plot {
    const char *title;
    const char *x_label; /* with its unit */
    const char *y_label;
    double x_most; /* both axes begin at 0 */
    double y_most;
    double x_tick;
    double y_tick;
    double mark_y; /* a dashed line across; 0 = none */
    const char *mark_name;
    const PlotLine *lines;
    size_t line_count; /* at most 4 */
} Plot;

/** Writes @plots one below the other. */
void plot_write(FILE *out, const Plot *plots, size_t count);
