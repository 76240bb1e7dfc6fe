#include "tests/simulation/plot.h"

enum {
    WIDTH = 760,
    HEIGHT = 360,
    LEFT = 74,
    RIGHT = 20,
    TOP = 40,
    BOTTOM = 58,
};

/* Told apart by their dashes, too: by those who print, and by those who do not see the colours. */
static const char *const DASHES[] = {"none", "8 4", "3 3", "10 3 2 3"};

static double place_x(const Plot *plot, double x) {
    return LEFT + (WIDTH - LEFT - RIGHT) * (x / plot->x_most);
}

static double place_y(const Plot *plot, double y) {
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - y / plot->y_most);
}

/* Plain rules, no variables: not every viewer knows those. */
static void write_style(FILE *out) {
    (void)fputs(
        "<style>\n"
        "text{font:13px system-ui,sans-serif;fill:#1b1f24}.title{font-size:15px;font-weight:600}\n"
        ".axis{stroke:#1b1f24;fill:none}.grid{stroke:#d0d7de}.mark{stroke:#1b1f24;stroke-dasharray:2 4}\n"
        ".line{fill:none;stroke-width:2}\n"
        ".l0{stroke:#0969da}.l1{stroke:#bc4c00}.l2{stroke:#1a7f37}.l3{stroke:#8250df}\n"
        "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.axis,.mark{stroke:#e6edf3}.grid{stroke:#3d444d}\n"
        ".l0{stroke:#4493f8}.l1{stroke:#f0883e}.l2{stroke:#3fb950}.l3{stroke:#ab7df8}}\n"
        "</style>\n",
        out);
}

static void write_axes(FILE *out, const Plot *plot) {
    for (double x = 0; x <= plot->x_most * 1.0001; x += plot->x_tick) {
        (void)fprintf(
            out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", place_x(plot, x), TOP,
            place_x(plot, x), HEIGHT - BOTTOM);
        (void)fprintf(
            out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n", place_x(plot, x),
            HEIGHT - BOTTOM + 18, x);
    }
    for (double y = 0; y <= plot->y_most * 1.0001; y += plot->y_tick) {
        (void)fprintf(
            out, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n", LEFT, place_y(plot, y),
            WIDTH - RIGHT, place_y(plot, y));
        (void)fprintf(
            out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", LEFT - 8, place_y(plot, y) + 4, y);
    }
    (void)fprintf(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT);
    (void)fprintf(
        out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16,
        plot->x_label);
    (void)fprintf(
        out, "<text transform=\"translate(18 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
        (TOP + HEIGHT - BOTTOM) / 2, plot->y_label);
    (void)fprintf(out, "<text class=\"title\" x=\"%d\" y=\"22\">%s</text>\n", LEFT, plot->title);
}

static void write_mark(FILE *out, const Plot *plot) {
    if (plot->mark_y <= 0)
        return;
    double y = place_y(plot, plot->mark_y);
    (void)fprintf(
        out, "<line class=\"mark\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n", LEFT, y, WIDTH - RIGHT, y);
    (void)fprintf(out, "<text x=\"%d\" y=\"%.1f\">%s</text>\n", LEFT + 8, y - 5, plot->mark_name);
}

static void write_line(FILE *out, const Plot *plot, size_t number) {
    const PlotLine *line = &plot->lines[number];
    const char *command = "M";
    (void)fprintf(out, "<path class=\"line l%zu\" stroke-dasharray=\"%s\" d=\"", number, DASHES[number]);
    for (size_t i = 0; i < line->count; i++) {
        if (line->x[i] > plot->x_most)
            break;
        (void)fprintf(out, "%s%.1f %.1f", command, place_x(plot, line->x[i]), place_y(plot, line->y[i]));
        command = "L";
    }
    (void)fputs("\"/>\n", out);
}

static void write_legend(FILE *out, const Plot *plot, size_t number) {
    int y = HEIGHT - BOTTOM - 14 - 20 * (int)(plot->line_count - 1 - number);
    int x = WIDTH - RIGHT - 250;
    (void)fprintf(
        out, "<path class=\"line l%zu\" stroke-dasharray=\"%s\" d=\"M%d %dH%d\"/>\n", number, DASHES[number], x,
        y - 4, x + 34);
    (void)fprintf(out, "<text x=\"%d\" y=\"%d\">%s</text>\n", x + 42, y, plot->lines[number].name);
}

void plot_write(FILE *out, const Plot *plots, size_t count) {
    (void)fprintf(
        out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %zu\" role=\"img\">\n", WIDTH,
        HEIGHT * count);
    write_style(out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "<g transform=\"translate(0 %zu)\">\n", HEIGHT * i);
        write_axes(out, &plots[i]);
        write_mark(out, &plots[i]);
        for (size_t line = 0; line < plots[i].line_count; line++)
            write_line(out, &plots[i], line);
        for (size_t line = 0; line < plots[i].line_count; line++)
            write_legend(out, &plots[i], line);
        (void)fputs("</g>\n", out);
    }
    (void)fputs("</svg>\n", out);
}
