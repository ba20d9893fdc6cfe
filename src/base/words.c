/* SPDX-License-Identifier: Apache-2.0 */
#include <anchorite/base/words.h>

#include <stdbool.h>
#include <string.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/digest.h>
#include <anchorite/base/text.h>

/*
 * The PGP word list (Patrick Juola and Philip Zimmermann, 1995): for each
 * octet a word of two syllables and one of three, chosen by computer to
 * sound unlike each other. No word is in both lists.
 */
static const char *const lists[2][256 + 1] = {
	{	/* places 0, 2, 4 … */
		"aardvark", "absurd", "accrue", "acme",	/* 00 */
		"adrift", "adult", "afflict", "ahead",	/* 04 */
		"aimless", "algol", "allow", "alone",	/* 08 */
		"ammo", "ancient", "apple", "artist",	/* 0c */
		"assume", "athens", "atlas", "aztec",	/* 10 */
		"baboon", "backfield", "backward", "banjo",	/* 14 */
		"beaming", "bedlamp", "beehive", "beeswax",	/* 18 */
		"befriend", "belfast", "berserk", "billiard",	/* 1c */
		"bison", "blackjack", "blockade", "blowtorch",	/* 20 */
		"bluebird", "bombast", "bookshelf", "brackish",	/* 24 */
		"breadline", "breakup", "brickyard", "briefcase",	/* 28 */
		"burbank", "button", "buzzard", "cement",	/* 2c */
		"chairlift", "chatter", "checkup", "chisel",	/* 30 */
		"choking", "chopper", "christmas", "clamshell",	/* 34 */
		"classic", "classroom", "cleanup", "clockwork",	/* 38 */
		"cobra", "commence", "concert", "cowbell",	/* 3c */
		"crackdown", "cranky", "crowfoot", "crucial",	/* 40 */
		"crumpled", "crusade", "cubic", "dashboard",	/* 44 */
		"deadbolt", "deckhand", "dogsled", "dragnet",	/* 48 */
		"drainage", "dreadful", "drifter", "dropper",	/* 4c */
		"drumbeat", "drunken", "dupont", "dwelling",	/* 50 */
		"eating", "edict", "egghead", "eightball",	/* 54 */
		"endorse", "endow", "enlist", "erase",	/* 58 */
		"escape", "exceed", "eyeglass", "eyetooth",	/* 5c */
		"facial", "fallout", "flagpole", "flatfoot",	/* 60 */
		"flytrap", "fracture", "framework", "freedom",	/* 64 */
		"frighten", "gazelle", "geiger", "glitter",	/* 68 */
		"glucose", "goggles", "goldfish", "gremlin",	/* 6c */
		"guidance", "hamlet", "highchair", "hockey",	/* 70 */
		"indoors", "indulge", "inverse", "involve",	/* 74 */
		"island", "jawbone", "keyboard", "kickoff",	/* 78 */
		"kiwi", "klaxon", "locale", "lockup",	/* 7c */
		"merit", "minnow", "miser", "mohawk",	/* 80 */
		"mural", "music", "necklace", "neptune",	/* 84 */
		"newborn", "nightbird", "oakland", "obtuse",	/* 88 */
		"offload", "optic", "orca", "payday",	/* 8c */
		"peachy", "pheasant", "physique", "playhouse",	/* 90 */
		"pluto", "preclude", "prefer", "preshrunk",	/* 94 */
		"printer", "prowler", "pupil", "puppy",	/* 98 */
		"python", "quadrant", "quiver", "quota",	/* 9c */
		"ragtime", "ratchet", "rebirth", "reform",	/* a0 */
		"regain", "reindeer", "rematch", "repay",	/* a4 */
		"retouch", "revenge", "reward", "rhythm",	/* a8 */
		"ribcage", "ringbolt", "robust", "rocker",	/* ac */
		"ruffled", "sailboat", "sawdust", "scallion",	/* b0 */
		"scenic", "scorecard", "scotland", "seabird",	/* b4 */
		"select", "sentence", "shadow", "shamrock",	/* b8 */
		"showgirl", "skullcap", "skydive", "slingshot",	/* bc */
		"slowdown", "snapline", "snapshot", "snowcap",	/* c0 */
		"snowslide", "solo", "southward", "soybean",	/* c4 */
		"spaniel", "spearhead", "spellbind", "spheroid",	/* c8 */
		"spigot", "spindle", "spyglass", "stagehand",	/* cc */
		"stagnate", "stairway", "standard", "stapler",	/* d0 */
		"steamship", "sterling", "stockman", "stopwatch",	/* d4 */
		"stormy", "sugar", "surmount", "suspense",	/* d8 */
		"sweatband", "swelter", "tactics", "talon",	/* dc */
		"tapeworm", "tempest", "tiger", "tissue",	/* e0 */
		"tonic", "topmost", "tracker", "transit",	/* e4 */
		"trauma", "treadmill", "trojan", "trouble",	/* e8 */
		"tumor", "tunnel", "tycoon", "uncut",	/* ec */
		"unearth", "unwind", "uproot", "upset",	/* f0 */
		"upshot", "vapor", "village", "virus",	/* f4 */
		"vulcan", "waffle", "wallet", "watchword",	/* f8 */
		"wayside", "willow", "woodlark", "zulu",	/* fc */
		NULL
	}, {	/* places 1, 3, 5 … */
		"adroitness", "adviser", "aftermath", "aggregate",	/* 00 */
		"alkali", "almighty", "amulet", "amusement",	/* 04 */
		"antenna", "applicant", "apollo", "armistice",	/* 08 */
		"article", "asteroid", "atlantic", "atmosphere",	/* 0c */
		"autopsy", "babylon", "backwater", "barbecue",	/* 10 */
		"belowground", "bifocals", "bodyguard", "bookseller",	/* 14 */
		"borderline", "bottomless", "bradbury", "bravado",	/* 18 */
		"brazilian", "breakaway", "burlington", "businessman",	/* 1c */
		"butterfat", "camelot", "candidate", "cannonball",	/* 20 */
		"capricorn", "caravan", "caretaker", "celebrate",	/* 24 */
		"cellulose", "certify", "chambermaid", "cherokee",	/* 28 */
		"chicago", "clergyman", "coherence", "combustion",	/* 2c */
		"commando", "company", "component", "concurrent",	/* 30 */
		"confidence", "conformist", "congregate", "consensus",	/* 34 */
		"consulting", "corporate", "corrosion", "councilman",	/* 38 */
		"crossover", "crucifix", "cumbersome", "customer",	/* 3c */
		"dakota", "decadence", "december", "decimal",	/* 40 */
		"designing", "detector", "detergent", "determine",	/* 44 */
		"dictator", "dinosaur", "direction", "disable",	/* 48 */
		"disbelief", "disruptive", "distortion", "document",	/* 4c */
		"embezzle", "enchanting", "enrollment", "enterprise",	/* 50 */
		"equation", "equipment", "escapade", "eskimo",	/* 54 */
		"everyday", "examine", "existence", "exodus",	/* 58 */
		"fascinate", "filament", "finicky", "forever",	/* 5c */
		"fortitude", "frequency", "gadgetry", "galveston",	/* 60 */
		"getaway", "glossary", "gossamer", "graduate",	/* 64 */
		"gravity", "guitarist", "hamburger", "hamilton",	/* 68 */
		"handiwork", "hazardous", "headwaters", "hemisphere",	/* 6c */
		"hesitate", "hideaway", "holiness", "hurricane",	/* 70 */
		"hydraulic", "impartial", "impetus", "inception",	/* 74 */
		"indigo", "inertia", "infancy", "inferno",	/* 78 */
		"informant", "insincere", "insurgent", "integrate",	/* 7c */
		"intention", "inventive", "istanbul", "jamaica",	/* 80 */
		"jupiter", "leprosy", "letterhead", "liberty",	/* 84 */
		"maritime", "matchmaker", "maverick", "medusa",	/* 88 */
		"megaton", "microscope", "microwave", "midsummer",	/* 8c */
		"millionaire", "miracle", "misnomer", "molasses",	/* 90 */
		"molecule", "montana", "monument", "mosquito",	/* 94 */
		"narrative", "nebula", "newsletter", "norwegian",	/* 98 */
		"october", "ohio", "onlooker", "opulent",	/* 9c */
		"orlando", "outfielder", "pacific", "pandemic",	/* a0 */
		"pandora", "paperweight", "paragon", "paragraph",	/* a4 */
		"paramount", "passenger", "pedigree", "pegasus",	/* a8 */
		"penetrate", "perceptive", "performance", "pharmacy",	/* ac */
		"phonetic", "photograph", "pioneer", "pocketful",	/* b0 */
		"politeness", "positive", "potato", "processor",	/* b4 */
		"provincial", "proximate", "puberty", "publisher",	/* b8 */
		"pyramid", "quantity", "racketeer", "rebellion",	/* bc */
		"recipe", "recover", "repellent", "replica",	/* c0 */
		"reproduce", "resistor", "responsive", "retraction",	/* c4 */
		"retrieval", "retrospect", "revenue", "revival",	/* c8 */
		"revolver", "sandalwood", "sardonic", "saturday",	/* cc */
		"savagery", "scavenger", "sensation", "sociable",	/* d0 */
		"souvenir", "specialist", "speculate", "stethoscope",	/* d4 */
		"stupendous", "supportive", "surrender", "suspicious",	/* d8 */
		"sympathy", "tambourine", "telephone", "therapist",	/* dc */
		"tobacco", "tolerance", "tomorrow", "torpedo",	/* e0 */
		"tradition", "travesty", "trombonist", "truncated",	/* e4 */
		"typewriter", "ultimate", "undaunted", "underfoot",	/* e8 */
		"unicorn", "unify", "universe", "unravel",	/* ec */
		"upcoming", "vacancy", "vagabond", "vertigo",	/* f0 */
		"virginia", "visitor", "vocalist", "voyager",	/* f4 */
		"warranty", "waterloo", "whimsical", "wichita",	/* f8 */
		"wilmington", "wyoming", "yesteryear", "yucatan",	/* fc */
		NULL
	}
};

#define SPACE     " \t\n\v\f\r"
#define TYPED_MAX 40	/* characters of a word that are told */

/* A word as it was typed, in lower case, and cut where it is too long. */
static void
word_take(const char *text, size_t len, char out[TYPED_MAX + 1])
{
	if (len > TYPED_MAX)
		len = TYPED_MAX;
	for (size_t i = 0; i < len; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'Z' ?
		    (char)(text[i] - 'A' + 'a') : text[i];
	out[len] = '\0';
}

static bool
word_find(const char *word, size_t place, uint8_t *out)
{
	const char *const *list = lists[place % 2];

	for (size_t i = 0; list[i] != NULL; i++) {
		if (strcmp(list[i], word) != 0)
			continue;
		*out = (uint8_t)i;
		return true;
	}
	return false;
}

static int
word_read(const char *word, size_t place, uint8_t *out, struct fail *fail)
{
	const char *near;

	if (word_find(word, place, out))
		return 0;
	if (word_find(word, place + 1, out))
		return fail_with(fail, FAIL_INPUT, "word %zu: %s stands at "
		    "the wrong place: a word is missing, doubled, or "
		    "exchanged", place + 1, word);
	near = text_nearest(word, lists[place % 2]);
	if (near != NULL)
		return fail_with(fail, FAIL_INPUT, "word %zu: no word "
		    "\"%s\"; is %s meant?", place + 1, word, near);
	return fail_with(fail, FAIL_INPUT, "word %zu: no word \"%s\"",
	    place + 1, word);
}

static size_t
words_count(const char *text)
{
	size_t count = 0;

	for (text += strspn(text, SPACE); *text != '\0'; count++) {
		text += strcspn(text, SPACE);
		text += strspn(text, SPACE);
	}
	return count;
}

/* The first `count` words of the text, or as many as there are. */
static int
words_take(const char *text, size_t count, struct buf *out,
    struct fail *fail)
{
	for (size_t place = 0; place < count; place++) {
		char word[TYPED_MAX + 1];
		uint8_t octet;
		size_t len;

		text += strspn(text, SPACE);
		if (*text == '\0')
			break;
		len = strcspn(text, SPACE);
		word_take(text, len, word);
		if (word_read(word, place, &octet, fail) == -1)
			return -1;
		buf_append(out, &octet, 1);
		text += len;
	}
	return 0;
}

static void
check_write(struct bytes octets, uint8_t out[WORDS_CHECK])
{
	struct digest digest;

	digest_of(octets, &digest);
	memcpy(out, digest.bytes, WORDS_CHECK);
}

void
words_write(struct bytes octets, struct buf *out)
{
	uint8_t check[WORDS_CHECK];

	check_write(octets, check);
	for (size_t i = 0; i < octets.len + WORDS_CHECK; i++) {
		uint8_t octet = i < octets.len ? octets.data[i] :
		    check[i - octets.len];

		buf_printf(out, "%s%s", i == 0 ? "" : " ",
		    lists[i % 2][octet]);
	}
}

/*
 * Where the number is wrong, too, both are told: the one says what to look
 * for, the other where.
 */
int
words_read(const char *text, size_t len, uint8_t *out, struct fail *fail)
{
	AUTO(buf_release) struct buf octets = { 0 };
	size_t wanted = len + WORDS_CHECK, have = words_count(text);
	uint8_t check[WORDS_CHECK];

	if (words_take(text, wanted, &octets, fail) == -1)
		return have == wanted ? -1 : fail_in(fail, "want %zu words, "
		    "have %zu", wanted, have);
	if (have != wanted)
		return fail_with(fail, FAIL_INPUT, "want %zu words, have %zu",
		    wanted, have);
	check_write(bytes_of(octets.data, len), check);
	if (memcmp(octets.data + len, check, WORDS_CHECK) != 0)
		return fail_with(fail, FAIL_INPUT,
		    "one of the words is another");
	memcpy(out, octets.data, len);
	return 0;
}
