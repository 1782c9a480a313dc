#include "core/json.h"
#include "endpoints/imds/parts.h"

const str IMDS_VERSIONS[] = {
    S_INIT("2025-04-07"), S_INIT("2024-07-17"), S_INIT("2024-03-15"), S_INIT("2023-11-15"), S_INIT("2023-07-01"), S_INIT("2021-12-13"),
    S_INIT("2021-11-15"), S_INIT("2021-11-01"), S_INIT("2021-10-01"), S_INIT("2021-08-01"), S_INIT("2021-05-01"), S_INIT("2021-03-01"),
    S_INIT("2021-02-01"), S_INIT("2021-01-01"), S_INIT("2020-12-01"), S_INIT("2020-10-01"), S_INIT("2020-09-01"), S_INIT("2020-07-15"),
    S_INIT("2020-06-01"), S_INIT("2019-11-01"), S_INIT("2019-08-15"), S_INIT("2019-08-01"), S_INIT("2019-06-04"), S_INIT("2019-06-01"),
    S_INIT("2019-04-30"), S_INIT("2019-03-11"), S_INIT("2019-02-01"), S_INIT("2018-10-01"), S_INIT("2018-04-02"), S_INIT("2018-02-01"),
    S_INIT("2017-12-01"), S_INIT("2017-10-01"), S_INIT("2017-08-01"), S_INIT("2017-04-02"), S_INIT("2017-03-01"),
};
const size_t IMDS_VERSION_N = COUNT(IMDS_VERSIONS);

enum err imds_check_version(struct call *c, str version, str oldest)
{
    if (!version.at) return FAIL_PLAIN(c, ERR_API_VERSION_MISSING);
    if (str_eq(version, oldest)) return OK; // what every SDK sends for a token
    for (size_t i = 0; i < COUNT(IMDS_VERSIONS); i++)
        if (str_eq(IMDS_VERSIONS[i], version) && str_cmp(version, oldest) >= 0) return OK;
    return FAIL_PLAIN(c, ERR_API_VERSION_INVALID);
}

enum err imds_get_versions(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct workload_listener *l = workload_listener_of(q);
    struct workload_caller    caller;
    TRY(l->who(c, w, l, a->x, &caller));
    TRY(imds_take_other(c, &caller));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("apiVersions"));
    json_write_array(j);
    for (size_t i = IMDS_VERSION_N; i-- > 0;) json_write_string(j, IMDS_VERSIONS[i]);
    json_write_end(j);
    json_write_end(j);
    return OK;
}
