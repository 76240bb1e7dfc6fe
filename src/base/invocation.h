/*
 * By which path this program was started. Often that is a link to what runs, as an installation with a folder for
 * each version has it: /proc/PID/exe has followed it already, but an update of the program changes where it leads.
 */
#pragma once

/**
 * Finds the path that was given to exec as @name, argv[0], or that a shell has found for it in @search_path, $PATH.
 *
 * Whoever starts a program may call it what he likes, so a path counts only if it is absolute and leads, at this
 * moment, to the very file that runs. A path that depends on the working folder does not: that may be gone
 * tomorrow.
 * @name and @search_path may be NULL. The result is owned by the caller; NULL if there is none.
 */
char *invocation_path(const char *name, const char *search_path);
