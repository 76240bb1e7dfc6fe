/* A home in the folder of a fuzz target. */
#pragma once

#include "home/layout.h"
#include "tests/fuzz/input.h"

/** It has an empty config.toml and its .visor; made once. */
static inline const Home *input_home(void) {
    static Home home;
    if (!home.path) {
        Failure failure;
        input_write("config.toml", "", 0);
        expect(home_open(input_folder(), &home, &failure) >= 0);
    }
    return &home;
}
