#include "config/problems.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024 };

static const char MORE_TEXT[] = "there are more findings; cure these first";

/* Memory for every item there can be, so that only the texts are allocated one by one. */
static bool has_room(Problems *problems) {
    if (!problems->items)
        problems->items = calloc(PROBLEMS_MAX + 1, sizeof *problems->items);
    return problems->items;
}

static bool append(Problems *problems, const Problem *problem) {
    if (!has_room(problems))
        return false;
    problems->items[problems->count++] = *problem;
    return true;
}

/* The last warning makes room for an error: a refused file must show why. */
static Problem *last_warning(Problems *problems) {
    for (size_t i = PROBLEMS_MAX; i > 0; i--)
        if (problems->items[i - 1].severity == PROBLEM_WARNING)
            return &problems->items[i - 1];
    return NULL;
}

static void say_more(Problems *problems, ProblemSeverity severity) {
    if (problems->count > PROBLEMS_MAX) {
        if (severity == PROBLEM_ERROR)
            problems->items[PROBLEMS_MAX].severity = PROBLEM_ERROR;
        return;
    }
    Problem more = {.severity = severity, .text = strdup(MORE_TEXT)};
    if (more.text)
        problems->items[problems->count++] = more;
}

/* Takes the text over. */
static void add(Problems *problems, Problem *problem) {
    if (problems->count < PROBLEMS_MAX) {
        if (append(problems, problem))
            problem->text = NULL;
        return;
    }

    Problem *replaced = problem->severity == PROBLEM_ERROR ? last_warning(problems) : NULL;
    say_more(problems, replaced ? PROBLEM_WARNING : problem->severity);
    if (replaced) {
        free(replaced->text);
        *replaced = *problem;
        problem->text = NULL;
    }
}

void problems_add(
    Problems *problems, ProblemSeverity severity, unsigned line, unsigned column, const char *format, ...) {
    char raw[TEXT_MAX], text[TEXT_MAX];
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(raw, sizeof raw, format, arguments) < 0)
        raw[0] = '\0';
    va_end(arguments);

    if (severity == PROBLEM_ERROR)
        problems->error_count++;
    Problem problem = {.severity = severity, .line = line, .column = column};
    problem.text = strdup(string_printable(text, sizeof text, raw));
    if (problem.text)
        add(problems, &problem);
    free(problem.text);
}

static bool stands_before(const Problem *left, const Problem *right) {
    return left->line != right->line ? left->line < right->line : left->column < right->column;
}

/* Insertion sort: stable, and the findings come nearly sorted and are few. */
void problems_sort(Problems *problems) {
    size_t count = problems->count < PROBLEMS_MAX ? problems->count : PROBLEMS_MAX;
    for (size_t i = 1; i < count; i++) {
        Problem moved = problems->items[i];
        size_t place = i;
        for (; place > 0 && stands_before(&moved, &problems->items[place - 1]); place--)
            problems->items[place] = problems->items[place - 1];
        problems->items[place] = moved;
    }
}

void problem_place(char *buffer, size_t size_bytes, const char *path, const Problem *problem) {
    if (problem->line == 0)
        (void)snprintf(buffer, size_bytes, "%s", path);
    else if (problem->column == 0)
        (void)snprintf(buffer, size_bytes, "%s:%u", path, problem->line);
    else
        (void)snprintf(buffer, size_bytes, "%s:%u:%u", path, problem->line, problem->column);
}

void problems_log(const Problems *problems, const char *component, const char *path) {
    for (size_t i = 0; i < problems->count; i++) {
        const Problem *problem = &problems->items[i];
        char place[TEXT_MAX];
        problem_place(place, sizeof place, path, problem);
        log_event(
            problem->severity == PROBLEM_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, component, problem->text,
            field_string("file", place));
    }
}

int problems_describe(const Problems *problems, const char *path, int code, Failure *failure) {
    static const char MORE[] = " and more";
    (void)failure_set(failure, code, "%s:", path);
    for (size_t i = 0; i < problems->count; i++) {
        const Problem *problem = &problems->items[i];
        if (problem->severity != PROBLEM_ERROR)
            continue;
        size_t used = strlen(failure->message);
        char place[32] = "";
        if (problem->line > 0)
            (void)snprintf(place, sizeof place, " %u:%u:", problem->line, problem->column);
        int length =
            snprintf(failure->message + used, sizeof failure->message - used, "%s %s;", place, problem->text);
        if (length > 0 && (size_t)length < sizeof failure->message - used - sizeof MORE)
            continue;
        (void)snprintf(failure->message + used, sizeof failure->message - used, "%s", MORE);
        break;
    }
    return code;
}

void problems_clear(Problems *problems) {
    for (size_t i = 0; i < problems->count; i++)
        free(problems->items[i].text);
    free(problems->items);
    *problems = (Problems){0};
}
