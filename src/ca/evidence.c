/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/ca/evidence.h>

struct json *
evidence_of_key(const struct key_attestation *attestation)
{
	static const char *const words[] = {
		[KEY_FLAG_UNSUPPORTED] = "unsupported",
		[KEY_FLAG_FALSE] = "false",
		[KEY_FLAG_TRUE] = "true",
	};
	struct json *json = json_new();
	struct json *attributes = json_new();

	for (size_t n = 0; n < attestation->attribute_count; n++)
		json_put_text(attributes, attestation->attributes[n].name,
		    words[attestation->attributes[n].flag]);
	json_put(json, "attributes", &attributes);
	json_put_text(json, "generated_by", attestation->generated_by);
	json_put_bool(json, "signature_verified",
	    attestation->signature_verified);
	json_put_text(json, "wrap_trial", attestation->wrap_trial);
	return json;
}

struct json *
evidence_of_token(const struct session *session)
{
	const struct token_info *token = token_info(session_token(session));
	const struct module_info *module = module_info(session_module(session));
	struct json *json = json_new();

	json_put_text(json, "firmware", token->firmware_version);
	json_put_text(json, "hardware", token->hardware_version);
	json_put_text(json, "label", token->label);
	json_put_text(json, "library", module->library_version);
	json_put_text(json, "manufacturer", token->manufacturer);
	json_put_text(json, "model", token->model);
	json_put_text(json, "module", module->description);
	json_put_text(json, "serial", token->serial);
	return json;
}
