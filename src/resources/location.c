#include "resources/location.h"

#include "core/buf.h"

#define R(name, display, geography, latitude, longitude, place, pair) \
    {S_INIT(name), S_INIT(display), S_INIT(geography), S_INIT(latitude), S_INIT(longitude), S_INIT(place), S_INIT(pair)}
static const struct location LOCATIONS[] = {
    R("australiaeast", "Australia East", "Asia Pacific", "-33.86", "151.2094", "New South Wales", "australiasoutheast"),
    R("australiasoutheast", "Australia Southeast", "Asia Pacific", "-37.8136", "144.9631", "Victoria", "australiaeast"),
    R("brazilsouth", "Brazil South", "South America", "-23.55", "-46.633", "Sao Paulo State", "southcentralus"),
    R("canadacentral", "Canada Central", "Canada", "43.653", "-79.383", "Toronto", "canadaeast"),
    R("canadaeast", "Canada East", "Canada", "46.817", "-71.217", "Quebec", "canadacentral"),
    R("centralindia", "Central India", "Asia Pacific", "18.5822", "73.9197", "Pune", "southindia"),
    R("centralus", "Central US", "US", "41.5908", "-93.6208", "Iowa", "eastus2"),
    R("eastasia", "East Asia", "Asia Pacific", "22.267", "114.188", "Hong Kong", "southeastasia"),
    R("eastus", "East US", "US", "37.3719", "-79.8164", "Virginia", "westus"),
    R("eastus2", "East US 2", "US", "36.6681", "-78.3889", "Virginia", "centralus"),
    R("francecentral", "France Central", "Europe", "46.3772", "2.373", "Paris", "francesouth"),
    R("germanywestcentral", "Germany West Central", "Europe", "50.110924", "8.682127", "Frankfurt", "germanynorth"),
    R("israelcentral", "Israel Central", "Middle East", "31.2655698", "33.4506633", "Israel", ""),
    R("italynorth", "Italy North", "Europe", "45.46888", "9.18109", "Milan", ""),
    R("japaneast", "Japan East", "Asia Pacific", "35.68", "139.77", "Tokyo, Saitama", "japanwest"),
    R("japanwest", "Japan West", "Asia Pacific", "34.6939", "135.5022", "Osaka", "japaneast"),
    R("koreacentral", "Korea Central", "Asia Pacific", "37.5665", "126.978", "Seoul", "koreasouth"),
    R("northcentralus", "North Central US", "US", "41.8819", "-87.6278", "Illinois", "southcentralus"),
    R("northeurope", "North Europe", "Europe", "53.3478", "-6.2597", "Ireland", "westeurope"),
    R("norwayeast", "Norway East", "Europe", "59.913868", "10.752245", "Norway", "norwaywest"),
    R("polandcentral", "Poland Central", "Europe", "52.23334", "21.01666", "Warsaw", ""),
    R("qatarcentral", "Qatar Central", "Middle East", "25.551462", "51.439327", "Doha", ""),
    R("southafricanorth", "South Africa North", "Africa", "-25.73134", "28.21837", "Johannesburg", "southafricawest"),
    R("southcentralus", "South Central US", "US", "29.4167", "-98.5", "Texas", "northcentralus"),
    R("southeastasia", "Southeast Asia", "Asia Pacific", "1.283", "103.833", "Singapore", "eastasia"),
    R("southindia", "South India", "Asia Pacific", "12.9822", "80.1636", "Chennai", "centralindia"),
    R("spaincentral", "Spain Central", "Europe", "40.4259", "-3.4209", "Madrid", ""),
    R("swedencentral", "Sweden Central", "Europe", "60.67488", "17.14127", "Gävle", "swedensouth"),
    R("switzerlandnorth", "Switzerland North", "Europe", "47.451542", "8.564572", "Zurich", "switzerlandwest"),
    R("uaenorth", "UAE North", "Middle East", "25.266666", "55.316666", "Dubai", "uaecentral"),
    R("uksouth", "UK South", "Europe", "50.941", "-0.799", "London", "ukwest"),
    R("ukwest", "UK West", "Europe", "53.427", "-3.084", "Cardiff", "uksouth"),
    R("westcentralus", "West Central US", "US", "40.89", "-110.234", "Wyoming", "westus2"),
    R("westeurope", "West Europe", "Europe", "52.3667", "4.9", "Netherlands", "northeurope"),
    R("westus", "West US", "US", "37.783", "-122.417", "California", "eastus"),
    R("westus2", "West US 2", "US", "47.233", "-119.852", "Washington", "westcentralus"),
    R("westus3", "West US 3", "US", "33.448376", "-112.074036", "Phoenix", "eastus"),
};

// Those that are not shown: they need access, or are only another's pair.
static const str UNLISTED[] = {
    S_INIT("australiacentral"), S_INIT("australiacentral2"), S_INIT("austriaeast"),    S_INIT("belgiumcentral"),  S_INIT("brazilsoutheast"), S_INIT("centraluseuap"),
    S_INIT("chilecentral"),     S_INIT("denmarkeast"),       S_INIT("eastus2euap"),    S_INIT("francesouth"),     S_INIT("germanynorth"),    S_INIT("indonesiacentral"),
    S_INIT("jioindiacentral"),  S_INIT("jioindiawest"),      S_INIT("koreasouth"),     S_INIT("malaysiawest"),    S_INIT("mexicocentral"),   S_INIT("newzealandnorth"),
    S_INIT("norwaywest"),       S_INIT("southafricawest"),   S_INIT("swedensouth"),    S_INIT("switzerlandwest"), S_INIT("uaecentral"),      S_INIT("westindia"),
};

static bool is_name_character(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
}

static enum err refuse(struct call *c, str text)
{
    str regions = locations_csv(c);
    return FAIL(c, ERR_LOCATION_INVALID, "The provided location '%.*s' is not a location. List of available regions is '%.*s'.",
                PSTR(str_upto(text, LOCATION_MAX_BYTES)), PSTR(regions));
}

enum err location_normalise(struct call *c, str text, str *out)
{
    if (str_empty(str_trim(text))) return FAIL_PLAIN(c, ERR_LOCATION_REQUIRED);
    if (text.n > LOCATION_MAX_BYTES) return refuse(c, text);
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < text.n; i++) {
        char ch = char_lower(text.at[i]);
        if (ch == ' ') continue;
        if (!is_name_character(ch)) return refuse(c, text);
        buf_add_char(&b, ch);
    }
    return buf_finish(c, &b, out);
}

// Cuts the next character that counts off *rest; -1 at the end.
static int next_character(str *rest)
{
    while (rest->n && rest->at[0] == ' ') *rest = str_from(*rest, 1);
    int ch = rest->n ? (unsigned char)char_lower(rest->at[0]) : -1;
    *rest = str_from(*rest, 1);
    return ch;
}

bool location_eq(str a, str b)
{
    for (;;) {
        int x = next_character(&a), y = next_character(&b);
        if (x != y) return false;
        if (x < 0) return true;
    }
}

size_t locations_count(void)
{
    return COUNT(LOCATIONS);
}

const struct location *locations_at(size_t i)
{
    return i < COUNT(LOCATIONS) ? &LOCATIONS[i] : NULL;
}

const struct location *locations_find(str location)
{
    for (size_t i = 0; i < COUNT(LOCATIONS); i++)
        if (location_eq(LOCATIONS[i].name, location)) return &LOCATIONS[i];
    return NULL;
}

str locations_csv(struct call *c)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < COUNT(LOCATIONS); i++) {
        if (i) buf_add_char(&b, ',');
        buf_add(&b, LOCATIONS[i].name);
    }
    return buf_view(&b);
}

static bool is_region(str location)
{
    return locations_find(location) || str_index_nocase(UNLISTED, COUNT(UNLISTED), location) != STR_NOWHERE;
}

enum err location_check_type(struct call *c, str location, str type)
{
    if (is_region(location) || str_eq(location, S("global"))) return OK;
    str regions = locations_csv(c);
    return FAIL(c, ERR_LOCATION_INVALID,
                "The provided location '%.*s' is not available for resource type '%.*s'. List of available regions for the resource type is '%.*s'.",
                PSTR(location), PSTR(type), PSTR(regions));
}

enum err location_check_group(struct call *c, str location)
{
    if (is_region(location)) return OK;
    str regions = locations_csv(c);
    return FAIL(c, ERR_GROUP_LOCATION_INVALID,
                "The provided location '%.*s' is not available for resource group. List of available regions is '%.*s'.", PSTR(location),
                PSTR(regions));
}
