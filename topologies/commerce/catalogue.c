/* catalogue.c: see catalogue.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "catalogue.h"

const struct product catalogue[CATALOGUE_SIZE] = {
    {"LAPTOP-001", 99999, 50},   {"MOUSE-001", 2999, 200},    {"KEYBOARD-001", 7950, 150}, {"MONITOR-001", 24900, 80},
    {"DOCK-001", 18900, 60},     {"HEADSET-001", 12999, 90},  {"WEBCAM-001", 8999, 90},    {"CABLE-001", 1299, 400},
    {"CABLE-002", 1799, 400},    {"CHARGER-001", 4900, 160},  {"LAPTOP-002", 149900, 30},  {"LAPTOP-003", 219900, 20},
    {"MOUSE-002", 6999, 120},    {"KEYBOARD-002", 13900, 80}, {"MONITOR-002", 54900, 40},  {"SPEAKER-001", 5900, 100},
    {"TABLET-001", 44900, 60},   {"TABLET-002", 79900, 40},   {"PEN-001", 9900, 100},      {"STAND-001", 3490, 140},
    {"BACKPACK-001", 5990, 110}, {"PRINTER-001", 17900, 40},  {"DISK-001", 10990, 100},    {"DISK-002", 18990, 70},
};
