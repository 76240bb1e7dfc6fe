/*
 * `visor reexec`: the running Visor becomes the binary that lies at its path now, with the same pid and the same
 * children. Only while the node is up, or nothing can be done about it: a stop or a switch is brought to its end
 * first. The new binary has to show beforehand that it starts and reads what this one leaves behind.
 */
#pragma once

#include <stdbool.h>

typedef struct Handover {
    bool asked;
    bool rehearsing;
} Handover;
