/* SPDX-License-Identifier: Apache-2.0 */
/* Files of packaging/ that the program carries within, byte for byte. */
#include <anchorite/out/readme.h>

/* Defines the symbol as the file's text, NUL-terminated. */
#define CARRY(symbol, file) \
	__asm__(".pushsection .rodata\n" \
	    ".globl " #symbol "\n" \
	    ".type " #symbol ", @object\n" \
	    #symbol ": .incbin \"packaging/" file "\"\n" \
	    ".byte 0\n" \
	    ".size " #symbol ", . - " #symbol "\n" \
	    ".popsection\n")

CARRY(readme_acm_pca, "bundles/acm-pca.txt");
CARRY(readme_cloudhsm, "bundles/cloudhsm.txt");
CARRY(readme_adcs, "bundles/adcs.txt");
CARRY(readme_iot_default, "bundles/iot-default.txt");
CARRY(readme_iot_sni, "bundles/iot-sni.txt");
CARRY(readme_api_gateway, "bundles/api-gateway.txt");
CARRY(readme_roles_anywhere, "bundles/roles-anywhere.txt");
CARRY(readme_files, "bundles/files.txt");
CARRY(readme_checks, "bundles/checks.txt");
CARRY(readme_script, "online/import-bundle");
