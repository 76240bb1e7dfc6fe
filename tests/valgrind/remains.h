/* What a program leaves behind: memory that nothing points to, and descriptors that it did not have at its start.
 */
#pragma once

/** Reports lost memory to valgrind, if this is the process that was started, and not one that it has forked. */
void remains_report_memory(void);
