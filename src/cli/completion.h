/* Completion scripts for shells, made from the tables of commands and flags. */
#pragma once

#include <stdio.h>

void completion_bash(FILE *out);
void completion_zsh(FILE *out);
void completion_fish(FILE *out);
void completion_powershell(FILE *out);
