/*
 * quoted.h - a text for a shell to read.
 *
 * Layer:  cli (uses core)
 */
#pragma once

/* Prints it in quotes in which a shell changes nothing. */
void quoted_print(const char *text);
