#include "ops/site.h"

#include "trials_done.h"

void site_and_slot(struct scene *x)
{
    test_product_put(&x->s, SITE,
                     "{\"properties\":{\"siteConfig\":{\"linuxFxVersion\":\"site's\"}},\"siteSettings\":{\"appsettings\":{\"KEY\":\"site's\"},"
                     "\"slotConfigNames\":{\"appSettingNames\":[\"KEY\"]}}}");
    test_product_put(&x->s, SLOT, "{\"properties\":{\"siteConfig\":{\"linuxFxVersion\":\"slot's\"}}}");
}

void site_in_preview(struct scene *x)
{
    test_product_put(&x->s, SITE, "{\"properties\":{\"targetSwapSlot\":\"next\"}}");
    test_product_put(&x->s, SLOT, "{\"properties\":{\"targetSwapSlot\":\"production\"}}");
}

enum err swap_slot(struct scene *x, struct call *c, const struct op *op)
{
    struct site_swap_result got = {0};
    struct site_swap_args   args = {.site = S(SLOT), .target = S(SITE_PRODUCTION)};
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = args.site, .action = S(SLOT_SWAP)}, &args, &got);
}

static struct site site_at(struct scene *x, const char *id)
{
    struct test *t = x->s.test;
    struct site  s = {0};
    CHECK_OK(site_read(t->call, tree_find(x->s.work.world->tree, str_of(id)), &s));
    return s;
}

bool site_has_code_of_slot(struct scene *x)
{
    struct site s = site_at(x, SITE);
    return str_eq(json_get_str(s.config, S("linuxFxVersion")), S("slot's"));
}

bool slot_has_settings_of_site(struct scene *x)
{
    struct site s = site_at(x, SLOT);
    return !str_empty(json_get_str(site_part(&s, SITE_APP_SETTINGS), S("KEY")));
}

bool preview_is_over(struct scene *x)
{
    struct site s = site_at(x, SITE);
    return !json_path(s.document, "properties.targetSwapSlot");
}
