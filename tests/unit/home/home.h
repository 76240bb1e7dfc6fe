/* A home in a folder of the test's own. */
#pragma once

#include "home/layout.h"
#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#include <dirent.h>

static Folder folder;
static Home home;

/** Makes an initialised home and opens it; for cmocka_unit_test_setup_teardown. */
static inline int home_make(void **unused) {
    Failure failure = {0};
    (void)unused;
    folder_make(&folder);
    folder_write_text(&folder, HOME_CONFIG_FILE, "", 0600);
    return home_open(folder.path, &home, &failure);
}

static inline int home_clear(void **unused) {
    (void)unused;
    home_close(&home);
    folder_remove(&folder);
    return 0;
}

#define home_test(function) cmocka_unit_test_setup_teardown(function, home_make, home_clear)
