/* Who holds a home: the Visor that runs it. */
#pragma once

#include "home/layout.h"

#include <sys/types.h>

/**
 * The pid of the Visor that holds the home; 0 if none is seen, since there is none or it is another user's. A child
 * of it that has not come to its exec yet holds the home as well, and is not meant.
 */
pid_t home_holder(const Home *home);
