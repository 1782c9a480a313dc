#include "core/buf.h"
#include "template_fixture.h"

#define RES(name) "{'type':'A.B/c','apiVersion':'1','name':'" name "','properties':{}}"

static void check_refused(struct test *t, const char *members, const char *parameters, const char *words)
{
    struct template *read;
    enum err         got = template_of(t, members, parameters, &read);
    str              said = call_text(t->call, str_of(t->call->failure.text));
    CHECK_ROW(got != OK, members);
    if (str_find_str(said, template_quoted(t, words)) == STR_NOWHERE && str_find_str(said, str_of(words)) == STR_NOWHERE)
        test_failed(t, __FILE__, __LINE__, "%s: \"%.*s\" has not \"%s\"", members, PSTR(said), words);
    call_forgive(t->call);
}

// The names in the order of deployment, each with what it needs: "a b(0) c(0,1)"; "-" skipped, "?" existing.
static str order_of(struct test *t, const struct template *read)
{
    str all = S("");
    for (size_t i = 0; i < template_count(read); i++) {
        const struct template_resource *r = template_at(read, i);
        all = call_format(t->call, "%.*s%s%s%.*s", PSTR(all), i ? " " : "", r->is_skipped ? "-" : r->is_existing ? "?" : "", PSTR(r->name));
        for (size_t k = 0; k < r->depends_n; k++) all = call_format(t->call, "%.*s%s%zu", PSTR(all), k ? "," : "(", r->depends[k]);
        if (r->depends_n) all = call_format(t->call, "%.*s)", PSTR(all));
    }
    return all;
}

static str body_text(struct test *t, struct template *read, size_t i, const struct template_outside *outside)
{
    const struct json *body;
    str                text = STR_NONE;
    enum err           got = template_body(t->call, read, i, outside, &body);
    if (!got) got = json_text(t->call, body, &text);
    if (got) text = call_text(t->call, str_of(t->call->failure.text));
    call_forgive(t->call);
    return text;
}

static str outputs_text(struct test *t, struct template *read, const struct template_outside *outside)
{
    const struct json *all;
    str                text = STR_NONE;
    enum err           got = template_outputs(t->call, read, outside, &all);
    if (!got) got = json_text(t->call, all, &text);
    if (got) text = call_text(t->call, str_of(t->call->failure.text));
    call_forgive(t->call);
    return text;
}

TEST(template_orders_resources_by_what_they_need)
{
    static const struct { const char *members, *want; } CASES[] = {
        {"'resources':[" RES("a") "," RES("b") "]", "a b"},
        {"'resources':[]", ""}, {"'resources':{}", ""},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','dependsOn':['b']}," RES("b") "]", "b a(0)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','dependsOn':['[resourceId(`A.B/c`,`b`)]']}," RES("b") "]", "b a(0)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','dependsOn':['[resourceId(`A.B/c/`,`b`)]']}," RES("b") "]", "b a(0)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','dependsOn':['[subscriptionResourceId(`Microsoft.Resources/resourceGroups`,`new`)]']},"
         "{'type':'Microsoft.Resources/resourceGroups','apiVersion':'1','name':'new','scope':'[subscription().id]'}]", "new a(0)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','dependsOn':['a.b/C/B']}," RES("b") "]", "b a(0)"},
        // reference() and list*() of a resource of the same template, by id, name and in branches that are not known yet
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','properties':{'x':'[reference(resourceId(`A.B/c`,`b`)).y]'}}," RES("b") "]", "b a(0)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','properties':{'x':'[concat(reference(`b`).y, listKeys(`d`, `1`).z)]'}}," RES("b") "," RES("d") "]", "b d a(0,1)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','properties':{'x':'[if(reference(`b`).y, reference(`d`), 1)]'}}," RES("b") "," RES("d") "]", "b d a(0,1)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','properties':{'x':'[if(false(), reference(`b`), 1)]'}}," RES("b") "]", "a b"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','identity':{'userAssignedIdentities':{'[reference(`b`).id]':{}}}}," RES("b") "]", "b a(0)"},
        // copy loops
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[concat(`n`, copyIndex(1))]','copy':{'name':'l','count':2}},{'type':'A.B/c','apiVersion':'1','name':'z','dependsOn':['l']}]", "n1 n2 z(0,1)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[format(`n{0}`, copyIndex(`l`))]','copy':{'name':'l','count':4,'mode':'Serial','batchSize':2}}]", "n0 n1 n2(0,1) n3(0,1)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[format(`n{0}`, copyIndex())]','copy':{'name':'l','count':3,'mode':'serial'}}]", "n0 n1(0) n2(1)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'x','copy':{'name':'l','count':0}},{'type':'A.B/c','apiVersion':'1','name':'z','dependsOn':['l']}]", "z"},
        // conditions
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','condition':'[equals(1,2)]'},{'type':'A.B/c','apiVersion':'1','name':'b','dependsOn':['a']}]", "-a b"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','condition':false},{'type':'A.B/c','apiVersion':'1','name':'a','condition':'[true()]'}]", "-a a"},
        // children, and the older names of extensions
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','resources':[{'type':'d','apiVersion':'1','name':'e','dependsOn':['a']}]}]", "a a/e(0)"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','condition':false,'resources':[{'type':'d','apiVersion':'1','name':'e'}]}]", "-a -a/e"},
        // symbolic names
        {"'languageVersion':'2.0','resources':{'web':{'type':'A.B/c','apiVersion':'1','name':'w','dependsOn':['id']},'id':{'type':'A.B/d','apiVersion':'1','name':'i'}}", "i w(0)"},
        {"'languageVersion':'2.0','resources':{'web':{'type':'A.B/c','apiVersion':'1','name':'w','properties':{'x':'[reference(`id`).p]'}},'id':{'existing':true,'type':'A.B/d','apiVersion':'1','name':'i'}}", "?i w(0)"},
        {"'languageVersion':'2.0','resources':{'s::d':{'existing':true,'type':'A.B/c/d','apiVersion':'1','name':'[format(`{0}/{1}`,`s`,`d`)]','dependsOn':['s']},'s':{'type':'A.B/c','apiVersion':'1','name':'s'},"
         "'u':{'type':'A.B/c','apiVersion':'1','name':'u','properties':{'copy':[{'name':'x','count':'[length(range(0,2))]','input':'[reference(format(`m[{0}]`,range(0,2)[copyIndex(`x`)])).outputs.o.value]'}]}},"
         "'m':{'copy':{'name':'m','count':2},'type':'Microsoft.Resources/deployments','apiVersion':'1','name':'[format(`m{0}`,copyIndex())]','properties':{'mode':'Incremental','expressionEvaluationOptions':{'scope':'inner'},'template':{'resources':{}}}}}", "s m0 m1 ?s/d(0) u(1,2)"},
        {"'languageVersion':'2.0','resources':{'l':{'type':'A.B/c','apiVersion':'1','name':'[format(`w{0}`, copyIndex())]','copy':{'name':'l','count':2}},'z':{'type':'A.B/d','apiVersion':'1','name':'z','dependsOn':['[format(`l[{0}]`, 1)]']},"
         "'y':{'type':'A.B/d','apiVersion':'1','name':'y','dependsOn':['l']},'x':{'type':'A.B/d','apiVersion':'1','name':'x','properties':{'x':'[references(`l`)]'}}}", "w0 w1 z(1) y(0,1) x(0,1)"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template *read = NULL;
        enum err         got = template_of(t, CASES[i].members, NULL, &read);
        CHECK_ERR(got, OK, CASES[i].members);
        if (!got) CHECK_STR(order_of(t, read), str_of(CASES[i].want), CASES[i].members);
    }
}

TEST(template_finds_the_id_of_each_resource)
{
    static const struct { const char *resource, *want, *type; } CASES[] = {
        {"'type':'A.B/c','name':'n'", TEMPLATE_GROUP "/providers/A.B/c/n"},
        {"'type':'A.B/c/d','name':'n/m'", TEMPLATE_GROUP "/providers/A.B/c/n/d/m"},
        {"'type':'Microsoft.Authorization/roleAssignments','name':'g','scope':'[format(`Microsoft.Storage/storageAccounts/{0}`, `st`)]'", TEMPLATE_GROUP "/providers/Microsoft.Storage/storageAccounts/st/providers/Microsoft.Authorization/roleAssignments/g"},
        {"'type':'Microsoft.Authorization/roleAssignments','name':'g','scope':'[subscription().id]'", TEMPLATE_SUB "/providers/Microsoft.Authorization/roleAssignments/g"},
        {"'type':'My.Rp/ext','name':'x','scope':'[extensionResourceId(format(`A.B/c/{0}`,`n`),`My.Rp/ext`,`y`)]'", TEMPLATE_GROUP "/providers/A.B/c/n/providers/My.Rp/ext/y/providers/My.Rp/ext/x"},
        {"'type':'Microsoft.Authorization/roleAssignments','name':'g','scope':'/'", "/providers/Microsoft.Authorization/roleAssignments/g"},
        {"'type':'Microsoft.Storage/storageAccounts/providers/roleAssignments','name':'st/Microsoft.Authorization/g'", TEMPLATE_GROUP "/providers/Microsoft.Storage/storageAccounts/st/providers/Microsoft.Authorization/roleAssignments/g", "Microsoft.Authorization/roleAssignments"},
        {"'type':'A.B/c/providers','name':'n/m'", TEMPLATE_GROUP "/providers/A.B/c/n/providers/m", "A.B/c/providers"},
        {"'type':'Microsoft.Resources/deployments','name':'d','resourceGroup':'other'", TEMPLATE_SUB "/resourceGroups/other/providers/Microsoft.Resources/deployments/d"},
        {"'type':'Microsoft.Resources/deployments','name':'d','subscriptionId':'s'", "/subscriptions/s/providers/Microsoft.Resources/deployments/d"},
        {"'type':'Microsoft.Resources/deployments','name':'d','scope':'Microsoft.Management/managementGroups/mg'", "/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Resources/deployments/d"},
        {"'type':'Microsoft.Resources/resourceGroups','name':'new','scope':'[subscription().id]'", TEMPLATE_SUB "/resourceGroups/new"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template *read = NULL;
        str              members = call_format(t->call, "'resources':[{'apiVersion':'1',%s}]", CASES[i].resource);
        CHECK_ERR(template_of(t, members.at, NULL, &read), OK, CASES[i].resource);
        if (read) CHECK_STR(template_at(read, 0)->id, str_of(CASES[i].want), CASES[i].resource);
        if (read && CASES[i].type) CHECK_STR(template_at(read, 0)->own_type, str_of(CASES[i].type), CASES[i].resource);
    }
}

TEST(template_makes_bodies)
{
    static const struct { const char *members, *before, *want; } CASES[] = {
        {"'variables':{'v':'[concat(variables(`w`), `!`)]','w':'x'},'resources':[{'type':'A.B/c','apiVersion':'1','name':'n','comments':'c','metadata':{},'dependsOn':[],'location':'[resourceGroup().location]',"
         "'tags':{'[variables(`w`)]':'[[y]','[[k()]':'1'},'identity':{'type':'UserAssigned','userAssignedIdentities':{'[resourceId(`M.I/u`,`i`)]':{}}},'properties':{'p':'[variables(`v`)]','q':[1,'[add(1,1)]']}}]",
         NULL,
         "{'location':'westeurope','tags':{'x':'[y]','[k()]':'1'},'identity':{'type':'UserAssigned','userAssignedIdentities':{'" TEMPLATE_GROUP "/providers/M.I/u/i':{}}},'properties':{'p':'x!','q':[1,2]}}"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'n','properties':{'a':'[reference(resourceId(`A.B/d`,`e`),`2`).principalId]','b':'[toUpper(`b`)]','c':{'d':'[reference(`A.B/d/absent`,`2`)]'}}}]",
         "{'properties':{'a':'[reference(resourceId(`A.B/d`,`e`),`2`).principalId]','b':'B','c':{'d':'[reference(`A.B/d/absent`,`2`)]'}}}",
         "The resource `" TEMPLATE_GROUP "/providers/A.B/d/absent` was not found."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'n','properties':{'copy':[{'name':'xs','count':3,'input':{'i':'[copyIndex(`xs`)]','j':'[copyIndex(`xs`,10)]'}}],'k':1}}]", NULL,
         "{'properties':{'k':1,'xs':[{'i':0,'j':10},{'i':1,'j':11},{'i':2,'j':12}]}}"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[concat(`n`,copyIndex())]','copy':{'name':'l','count':1},'properties':{'copy':[{'name':'xs','count':2,'input':'[format(`{0}{1}`,copyIndex(),copyIndex(`xs`))]'}]}}]", NULL,
         "{'properties':{'xs':['00','01']}}"},
        {"'variables':{'copy':[{'name':'vs','count':2,'input':'[concat(`v`,copyIndex(`vs`))]'}],'o':{'copy':[{'name':'in','count':1,'input':'[copyIndex(`in`)]'}]}},'resources':[{'type':'A.B/c','apiVersion':'1','name':'n','properties':{'a':'[variables(`vs`)]','b':'[variables(`o`).in]'}}]", NULL,
         "{'properties':{'a':['v0','v1'],'b':[0]}}"},
        {"'functions':[{'namespace':'contoso','members':{'twice':{'parameters':[{'name':'x','type':'string'}],'output':{'type':'string','value':'[concat(parameters(`x`),parameters(`X`))]'}}}}],"
         "'resources':[{'type':'A.B/c','apiVersion':'1','name':'n','properties':'[contoso.twice(contoso.Twice(`a`))]'}]", NULL, "{'properties':'aaaa'}"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template *read = NULL;
        CHECK_ERR(template_of(t, CASES[i].members, NULL, &read), OK, CASES[i].members);
        if (!read) continue;
        if (CASES[i].before) CHECK_STR(body_text(t, read, 0, NULL), template_quoted(t, CASES[i].before), CASES[i].members);
        CHECK_STR(body_text(t, read, 0, &TEMPLATE_OUTSIDE), template_quoted(t, CASES[i].want), CASES[i].members);
    }
}

TEST(template_outputs_have_types_and_no_secrets)
{
    struct template *read = NULL;
    CHECK_OK(template_of(t,
                         "'parameters':{'p':{'type':'secureString'},'q':{'type':'int','defaultValue':'[add(1,1)]'}},'resources':[" RES(
                             "a") "],'outputs':{'s':{'type':'string','value':'[reference(`a`).principalId]'},"
                                  "'x':{'type':'securestring','value':'[parameters(`p`)]'},'l':{'type':'array','copy':{'count':2,'input':'[copyIndex("
                                  ")]'}},'c':{'type':'int','condition':'[equals(1,2)]','value':1},"
                                  "'n':{'type':'object','value':'[reference(resourceId(`A.B/c`,`a`),`1`,`Full`).identity]'}}",
                         "{'p':{'value':'secret'}}", &read));
    if (!read) return;
    CHECK_STR(outputs_text(t, read, &TEMPLATE_OUTSIDE),
              template_quoted(t, "{'s':{'type':'String','value':'pid'},'x':{'type':'SecureString'},'l':{'type':'Array','value':[0,1]},'n':{'type':'"
                                 "Object','value':{'principalId':'p'}}}"),
              "outputs");
    const struct json *shown;
    str                text = STR_NONE;
    CHECK_OK(template_parameters_shown(t->call, read, &shown));
    CHECK_OK(json_text(t->call, shown, &text));
    CHECK_STR(text, template_quoted(t, "{'p':{'type':'SecureString'},'q':{'type':'Int','value':2}}"), "parameters");
}

// A parameter or an output whose definition has a secure member is as secret as that.
TEST(template_shows_no_object_with_a_secure_member)
{
    struct template *read = NULL;
    CHECK_OK(
        template_of(t,
                    "'parameters':{'o':{'$ref':'#/definitions/login'},'open':{'type':'object','defaultValue':{'a':1}}},"
                    "'definitions':{'login':{'type':'object','properties':{'user':{'type':'string'},'word':{'type':'securestring'}}}},'resources':[],"
                    "'outputs':{'back':{'$ref':'#/definitions/login','value':'[parameters(`o`)]'},'made':{'type':'array','items':{'$ref':'#/"
                    "definitions/login'},'value':'[createArray(parameters(`o`))]'},'user':{'type':'string','value':'[parameters(`o`).user]'}}",
                    "{'o':{'value':{'user':'u','word':'secret'}}}", &read));
    if (!read) return;
    const struct json *shown;
    str                text = STR_NONE;
    CHECK_OK(template_parameters_shown(t->call, read, &shown));
    CHECK_OK(json_text(t->call, shown, &text));
    CHECK_STR(text, template_quoted(t, "{'o':{'type':'Object'},'open':{'type':'Object','value':{'a':1}}}"), "parameters");
    CHECK_STR(outputs_text(t, read, &TEMPLATE_OUTSIDE),
              template_quoted(t, "{'back':{'type':'Object'},'made':{'type':'Array'},'user':{'type':'String','value':'u'}}"), "outputs");
}

// L3: the words of a failure hold no value of a secure parameter, cut short or not.
TEST(template_failures_hide_secure_parameters)
{
#define P_IS(type_) "'parameters':{'p':{'type':'" type_ "'}},"
    static const struct { const char *members, *parameters, *words; } CASES[] = {
        {P_IS("securestring") "'resources':[],'outputs':{'o':{'type':'string','value':'[fail(parameters(`p`))]'}}", "{'p':{'value':'hush-hush'}}", "is not valid: *** Please"},
        {P_IS("string") "'resources':[],'outputs':{'o':{'type':'string','value':'[fail(parameters(`p`))]'}}", "{'p':{'value':'loud-loud'}}", "is not valid: loud-loud Please"},
        {P_IS("securestring") "'resources':[],'outputs':{'o':{'type':'string','value':'[fail(concat(`<`,parameters(`p`),`>`))]'}}", "{'p':{'value':'abcd'}}", "<***>"},
        // few letters stand in any text: they are hidden where a value is quoted
        {P_IS("securestring") "'resources':[{'type':'A.B/c','apiVersion':'1','name':'n','dependsOn':['[parameters(`p`)]']}]", "{'p':{'value':'it'}}", "The resource '***' is not defined in the template."},
        {P_IS("secureObject") "'resources':[],'outputs':{'o':{'type':'string','value':'[fail(string(parameters(`p`)))]'}}", "{'p':{'value':{'a':['hush-hush']}}}", "{\"a\":[\"***\"]}"},
        // a message shows 64 bytes of a name
        {P_IS("securestring") "'resources':[],'outputs':{'o':{'type':'string','value':'[parameters(parameters(`p`))]'}}", "{'p':{'value':'hush-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789'}}", "The template parameter '***' is not found."},
        {"'languageVersion':'2.0','definitions':{'t':{'type':'object','properties':{'a':{'type':'securestring'}}}},'parameters':{'p':{'$ref':'#/definitions/t'}},'resources':{},'outputs':{'o':{'type':'string','value':'[fail(parameters(`p`).a)]'}}", "{'p':{'value':{'a':'hush-hush'}}}", "is not valid: *** Please"},
        {"'parameters':{'a':{'type':'string','defaultValue':'[parameters(`p`)]','allowedValues':['x']},'p':{'type':'securestring','defaultValue':'[concat(`hush-`,`hush`)]'}},'resources':[]", NULL, "The provided value '***' for the template parameter 'a'"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) check_refused(t, CASES[i].members, CASES[i].parameters, CASES[i].words);
}

// L3: nor do the failures behind it; their codes and the names of their members are words of tables.
TEST(template_failures_hide_secure_parameters_in_details)
{
    static const struct { const char *parameters, *details, *want; } CASES[] = {
        {"{'p':{'value':'hush-hush'}}", "[{'code':'C','target':'/a/b/hush-hush','message':'The name `hush-hush` is wrong.'}]", "[{'code':'C','target':'/a/b/***','message':'The name `***` is wrong.'}]"},
        {"{'p':{'value':'hush-hush'}}", "[{'code':'C','details':[{'target':'x/hush-hush/y','n':1}]}]", "[{'code':'C','details':[{'target':'x/***/y','n':1}]}]"},
        {"{'p':{'value':'it'}}", "[{'code':'it','target':'/a/it','message':'with it'}]", "[{'code':'it','target':'/a/***','message':'with it'}]"},
        {"{'p':{'value':'it'}}", "[{'target':'/it/a','message':'it'}]", "[{'target':'/***/a','message':'***'}]"},
        {"{'p':{'value':'say \\\"so\\\"'}}", "[{'target':'/say \\\"so\\\"'}]", "[{'target':'/***'}]"},
        {"{'p':{'value':'hush-hush'}}", "[{'target':'/a/hush-hus'}]", "[{'target':'/a/***'}]"}, // cut
        {"{'p':{'value':'hush-hush'}}", "nothing that can be read: hush-hush", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template *read = NULL;
        CHECK_OK(template_of(t, "'resources':[],'parameters':{'p':{'type':'securestring'}}", CASES[i].parameters, &read));
        enum err got = FAIL(t->call, ERR_TEMPLATE_INVALID, "Two are wrong.");
        t->call->failure.details = template_quoted(t, CASES[i].details);
        if (read) template_hide_secrets(t->call, read);
        CHECK_STR(t->call->failure.details, template_quoted(t, CASES[i].want), CASES[i].details);
        CHECK_ERR(got, ERR_TEMPLATE_INVALID, CASES[i].details);
    }
}

// Bad templates: the words, with the place of what is wrong. Words of learn.microsoft.com/azure/azure-resource-manager/troubleshooting.
TEST(template_refuses_what_is_wrong)
{
    static const struct { const char *members, *parameters, *words; } CASES[] = {
        {"'parameters':{}", NULL, "Deployment template parse failed: 'Required property 'resources' not found in JSON."},
        {"'resources':1", NULL, "must be an array or an object"},
        {"'resources':[],'variables':[{}]", NULL, "The property 'variables' must be an object, and is of type 'Array'. Path 'variables'."}, {"'resources':[],'parameters':1", NULL, "Path 'parameters'."},
        {"'resources':[],'outputs':'x'", NULL, "Path 'outputs'."},
        {"'resources':[1]", NULL, "The template resource '' at line '1' and column '134' is not valid: It is of type 'Integer' and not an object."},
        {"'resources':[{'type':'A.B/c','name':'n'}]", NULL, "Required property 'apiVersion' not found in JSON."},
        {"'resources':[{'type':'nothing','apiVersion':'1','name':'n'}]", NULL, "The type 'nothing' is not a fully qualified resource type."},
        {"'resources':[{'type':'A.B/c/d','apiVersion':'1','name':'n'}]", NULL, "The template resource 'n' at line '1' and column '134' is not valid: The name 'n' for type 'A.B/c/d' has incorrect segment lengths. A nested resource type"},
        {"'resources':[" RES("a") "," RES("a") "]", NULL, "is defined multiple times in a template"},
        // dependencies
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','dependsOn':['x']}]", NULL, "Deployment template validation failed: 'The resource 'x' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.'."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','dependsOn':['b']},{'type':'A.B/c','apiVersion':'1','name':'b','properties':{'x':'[reference(`a`)]'}}]", NULL,
         "Deployment template validation failed: 'Circular dependency detected on resource: '" TEMPLATE_GROUP "/providers/A.B/c/a'. The resources depend on each other: 'a' -> 'b' -> 'a'. Please see https://aka.ms/arm-syntax-resources for usage details.'."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','dependsOn':['a']}]", NULL, "Circular dependency detected on resource: '" TEMPLATE_GROUP "/providers/A.B/c/a'"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','properties':{'x':'[reference(`a`)]'}}]", NULL, "The template resource 'a' cannot reference itself. Please see https://aka.ms/arm-function-reference for usage details."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','properties':'[reference(resourceId(`A.B/c`,`a`),`1`)]'}]", NULL, "Circular dependency detected on resource: '" TEMPLATE_GROUP "/providers/A.B/c/a'. The resources depend on each other: 'a' -> 'a'."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','properties':'[list(resourceId(`A.B/c`,`a`),`1`)]'}]", NULL, "Circular dependency detected on resource"},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','properties':'[reference(`b`)]'}]", NULL, "The resource 'b' is not defined in the template."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','properties':'[reference(`A.B/d/e`)]'}]", NULL, "needs an API version"},
        // places
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[reference(`b`)]'}]", NULL, "The template function 'reference' is not expected at this location."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'a','condition':'[reference(`b`)]'}]", NULL, "The template function 'reference' is not expected at this location."},
        {"'variables':{'v':'[reference(`b`)]'},'resources':[]", NULL, "The template variable 'v' is not valid: The template function 'reference' is not expected at this location."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[newGuid()]'}]", NULL, "The template function 'newGuid' is not expected at this location."},
        {"'parameters':{'p':{'type':'string','defaultValue':'[variables(`v`)]'}},'resources':[]", NULL, "The template function 'variables' is not expected at this location."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[string(copyIndex())]'}]", NULL, "The template function 'copyIndex' is not expected at this location."},
        // parameters
        {"'parameters':{'p':{'type':'string'}},'resources':[]", NULL, "Deployment template validation failed: 'The value for the template parameter 'p' at line '1' and column '139' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.'."},
        {"'parameters':{'p':{'type':'string','defaultValue':'x'}},'resources':[]", "{'q':{'value':1},'r':{'value':2}}",
         "'The template parameters 'q, r' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. The only supported parameters for this template are 'p'."},
        {"'parameters':{'p':{'type':'int'}},'resources':[]", "{'p':{'value':'1'}}", "Template parameter JToken type is not valid. Expected 'Integer'. Actual 'String'."},
        {"'parameters':{'p':{'type':'string'}},'resources':[]", "{'p':{}}", "The value of deployment parameter 'p' is null. Please specify the value or use the parameter reference."},
        {"'parameters':{'p':{'type':'string'}},'resources':[]", "[]", "The parameters of a deployment must be an object"},
        {"'parameters':{'p':{'type':'string','allowedValues':['a','b']}},'resources':[]", "{'p':{'value':'A'}}",
         "Deployment template validation failed: 'The provided value 'A' for the template parameter 'p' at line '1' and column '139' is not valid. The parameter value is not part of the allowed value(s): 'a,b'.'."},
        {"'parameters':{'p':{'type':'securestring','allowedValues':['a','b']}},'resources':[]", "{'p':{'value':'hush'}}", "The provided value for the template parameter 'p' at line"},
        {"'parameters':{'p':{'type':'string','maxLength':2}},'resources':[]", "{'p':{'value':'abc'}}", "The provided value for the template parameter 'p' is not valid. Length of the value should be less than or equal to '2'."},
        {"'parameters':{'p':{'type':'array','minLength':1}},'resources':[]", "{'p':{'value':[]}}", "Length of the value should be greater than or equal to '1'."},
        {"'parameters':{'p':{'type':'int','maxValue':2}},'resources':[]", "{'p':{'value':3}}", "The value should be less than or equal to '2'."},
        {"'parameters':{'p':{'type':'thing'}},'resources':[]", NULL, "The type 'thing' is not one of"},
        {"'parameters':{'p':{'type':'string','defaultValue':'[parameters(`q`)]'},'q':{'type':'string','defaultValue':'[parameters(`p`)]'}},'resources':[]", NULL, "The template parameter 'p' comes to itself"},
        {"'parameters':{'p':{'type':'string','defaultValue':'[parameters(`q`)]'}},'resources':[]", NULL, "The template parameter 'q' is not found."},
        // definitions
        {"'languageVersion':'2.0','definitions':{'t':{'type':'object','properties':{'n':{'type':'string'},'m':{'type':'int','nullable':true}},'additionalProperties':false}},'parameters':{'p':{'$ref':'#/definitions/t'}},'resources':{}", "{'p':{'value':{'n':1}}}",
         "The provided value for the template parameter 'p.n' is not valid. Expected a value of type 'String, Uri', but received a value of type 'Integer'."},
        {"'languageVersion':'2.0','definitions':{'t':{'type':'object','properties':{'n':{'type':'string'}},'additionalProperties':false}},'parameters':{'p':{'$ref':'#/definitions/t'}},'resources':{}", "{'p':{'value':{'n':'x','z':1}}}", "'p.z' is not valid. The property is not permitted."},
        {"'languageVersion':'2.0','definitions':{'t':{'type':'array','items':{'type':'string','minLength':2}}},'parameters':{'p':{'$ref':'#/definitions/t'}},'resources':{}", "{'p':{'value':['ok','x']}}", "'p[1]' is not valid. Length of the value"},
        {"'languageVersion':'2.0','definitions':{'n':{'type':'string','nullable':true},'m':{'$ref':'#/definitions/n','nullable':false}},'parameters':{'p':{'$ref':'#/definitions/m'}},'resources':{}", "{'p':{'value':null}}", "Expected 'String, Uri'. Actual 'Null'."},
        {"'languageVersion':'2.0','definitions':{'a':{'$ref':'#/definitions/b'},'b':{'$ref':'#/definitions/a'}},'parameters':{'p':{'$ref':'#/definitions/a'}},'resources':{}", "{'p':{'value':1}}", "comes to itself"},
        {"'languageVersion':'2.0','definitions':{'a':{'type':'object','discriminator':{'propertyName':'k','mapping':{'x':{'$ref':'#/definitions/a'}}}}},'parameters':{'p':{'$ref':'#/definitions/a'}},'resources':{}", "{'p':{'value':{'k':'x'}}}", "is nested too deep"},
        {"'languageVersion':'2.0','parameters':{'p':{'$ref':'#/definitions/z'}},'resources':{}", NULL, "The definition '#/definitions/z' is not found in the template."},
        // asserts, and the constraints of outputs
        {"'asserts':{'two':'[equals(1,1)]','one':'[equals(1,2)]'},'resources':[]", NULL, "Deployment template validation failed: 'The template is not valid: The assertion 'one' failed."},
        {"'asserts':{'one':'[reference(`a`).x]'},'resources':[" RES("a") "]", NULL, "The template function 'reference' is not expected at this location."},
        {"'asserts':{'one':'yes'},'resources':[]", NULL, "The assertion must be of type 'Boolean'. The provided value is of type 'String'."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[concat(`n`,copyIndex())]','copy':{'name':'l','count':3},'asserts':{'few':'[less(copyIndex(),2)]'}}]", NULL, "The template resource 'n2' at line '1' and column '134' is not valid: The assertion 'few' failed."},
        {"'languageVersion':'2.0','definitions':{'t':{'type':'object','properties':{'n':{'type':'int'}}}},'resources':{},'outputs':{'o':{'$ref':'#/definitions/t','value':{'n':'x'}}}", NULL, "'o.n' is not valid. Expected a value of type 'Integer'"},
        // variables, functions, outputs
        {"'variables':{'a':'[variables(`b`)]','b':'[variables(`a`)]'},'resources':[{'type':'A.B/c','apiVersion':'1','name':'[variables(`a`)]'}]", NULL, "The template variable 'a' comes to itself: circular dependency detected."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[variables(`a`)]'}]", NULL, "The template variable 'a' is not found."},
        {"'functions':[{'namespace':'f','members':{'a':{'parameters':[],'output':{'type':'int','value':'[f.a()]'}}}}],'resources':[{'type':'A.B/c','apiVersion':'1','name':'[f.a()]'}]", NULL, "call each other without end"},
        {"'functions':[{'namespace':'f','members':{'a':{'parameters':[],'output':{'type':'int','value':'[variables(`v`)]'}}}}],'resources':[]", NULL, "The template function 'f.a' is not valid: The template function 'variables' is not expected at this location."},
        {"'resources':[],'outputs':{'o':{'type':'int','value':'x'}}", NULL, "The template output 'o' at line '1' and column '151' is not valid: Template output JToken type is not valid. Expected 'Integer'. Actual 'String'."},
        {"'resources':[],'outputs':{'o':{'type':'int','value':'[parameters(`x`)]'}}", NULL, "The template parameter 'x' is not found."},
        // limits
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[string(copyIndex())]','copy':{'name':'l','count':801}}]", NULL, "The copy count '801' must be from '0' to '800'."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[string(copyIndex())]','copy':{'name':'l','count':-1}}]", NULL, "The copy count '-1' must be from '0' to '800'."},
        {"'resources':[{'type':'A.B/c','apiVersion':'1','name':'[format(`a{0}`,copyIndex())]','copy':{'name':'l','count':800}}," RES("z") "]", NULL, "The number of template resources limit exceeded. Limit: '800'"},
        {"'variables':{'copy':[{'name':'x','count':1000000000,'input':1}]},'resources':[{'type':'A.B/c','apiVersion':'1','name':'[string(length(variables(`x`)))]'}]", NULL, "The copy count of 'x' is '1000000000'"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) check_refused(t, CASES[i].members, CASES[i].parameters, CASES[i].words);
}

TEST(template_reads_nested_deployments)
{
    struct template       *read = NULL;
    struct template_nested nested = {0};
    str                    text = STR_NONE;
#define NESTED_BODY "'type':'Microsoft.Resources/deployments','apiVersion':'1','name':'d'"
    CHECK_OK(template_of(t,
                         "'variables':{'v':'x'},'resources':[{" NESTED_BODY
                         ",'resourceGroup':'other','properties':{'mode':'Incremental','expressionEvaluationOptions':{'scope':'inner'},"
                         "'parameters':{'p':{'value':'[variables(`v`)]'}},'template':{'resources':[{'name':'[parameters(`p`)]'}],'x':'[['}}}]",
                         NULL, &read));
    CHECK(template_at(read, 0)->is_deployment);
    CHECK_OK(template_nested(t->call, read, 0, &TEMPLATE_OUTSIDE, &nested));
    CHECK(nested.is_inner && nested.level == TEMPLATE_AT_GROUP);
    CHECK_STR(nested.scope, S(TEMPLATE_SUB "/resourceGroups/other"), "scope");
    CHECK_OK(json_text(t->call, nested.document, &text));
    CHECK_STR(text, template_quoted(t, "{'resources':[{'name':'[parameters(`p`)]'}],'x':'[['}"), "inner");
    CHECK_OK(json_text(t->call, nested.parameters, &text));
    CHECK_STR(text, template_quoted(t, "{'p':{'value':'x'}}"), "parameters");

    CHECK_OK(
        template_of(t,
                    "'variables':{'v':'x','b':'[concat(`[`,`y]`)]'},'resources':[" RES(
                        "a") ",{" NESTED_BODY ",'properties':{'template':{'resources':[{'type':'A.B/"
                             "c','name':'[variables(`v`)]','properties':{'k':'[[lit]','l':'[variables(`b`)]','m':'[reference(`a`).principalId]'}},"
                             "{'type':'A.B/c','name':'[concat(`n`,copyIndex())]','copy':{'name':'l','count':2}}]}}}]",
                    NULL, &read));
    CHECK_STR(order_of(t, read), S("a d(0)"), "outer");
    CHECK_OK(template_nested(t->call, read, 1, &TEMPLATE_OUTSIDE, &nested));
    CHECK(!nested.is_inner);
    CHECK_OK(json_text(t->call, nested.document, &text));
    CHECK_STR(text,
              template_quoted(t, "{'resources':[{'type':'A.B/c','name':'x','properties':{'k':'[[lit]','l':'[[y]','m':'pid'}},{'type':'A.B/"
                                 "c','name':'n0'},{'type':'A.B/c','name':'n1'}]}"),
              "outer");
    CHECK_STR(nested.mode, S("Incremental"), "mode");
}

TEST(template_is_the_same_when_it_is_read_again)
{
    static const char *const TEXT =
        "'parameters':{'a':{'type':'string','defaultValue':'[newGuid()]'},'b':{'type':'string','defaultValue':'[newGuid()]'},'c':{'type':'string','"
        "defaultValue':'[utcNow(`u`)]'}},"
        "'resources':[{'type':'A.B/c','apiVersion':'1','name':'n','properties':['[parameters(`a`)]','[parameters(`b`)]','[parameters(`c`)]']}]";
    struct template *first = NULL, *second = NULL;
    CHECK_OK(template_of(t, TEXT, NULL, &first));
    CHECK_OK(template_of(t, TEXT, NULL, &second));
    const struct json *body = NULL;
    CHECK_OK(template_body(t->call, first, 0, NULL, &body));
    CHECK(!str_eq(json_str(json_at(json_get(body, S("properties")), 0)), json_str(json_at(json_get(body, S("properties")), 1))));
    CHECK_STR(json_str(json_at(json_get(body, S("properties")), 2)), S("2026-03-24 11:22:33Z"), "utcNow");
    CHECK_STR(body_text(t, first, 0, NULL), body_text(t, second, 0, NULL), "twice");
}

TEST(template_hash_is_the_content_not_the_order_of_members)
{
    const struct json *a, *b, *c;
    str                ha, hb, hc;
    CHECK_OK(json_parse(t->call, S("{\"a\":1,\"b\":{\"c\":[1,2],\"d\":\"x\"}}"), &a));
    CHECK_OK(json_parse(t->call, S("{\"b\":{\"d\":\"x\",\"c\":[1,2]},\"a\":1}"), &b));
    CHECK_OK(json_parse(t->call, S("{\"b\":{\"d\":\"x\",\"c\":[2,1]},\"a\":1}"), &c));
    CHECK_OK(template_hash(t->call, a, &ha));
    CHECK_OK(template_hash(t->call, b, &hb));
    CHECK_OK(template_hash(t->call, c, &hc));
    CHECK_STR(ha, hb, "order of members");
    CHECK(!str_eq(ha, hc));
}

TEST(template_of_any_size_is_refused_as_a_template)
{
    struct template_site site;
    struct template     *read;
    struct template_text text = {0};
    struct buf           b;
    str                  whole;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("{" TEMPLATE_HEAD "\"resources\":[{\"type\":\"A.B/c\",\"apiVersion\":\"1\",\"name\":\"n\",\"properties\":[0"));
    for (size_t i = 0; i < 190000; i++) buf_add(&b, S(",\"[add(1,2)]\""));
    buf_add(&b, S("]}]}"));
    CHECK_OK(buf_finish(t->call, &b, &whole));
    CHECK_OK(template_text_read(t->call, whole, &text));
    template_site_group(t, &site);
    CHECK_ERR(template_read(t->call, text.root, NULL, &site, &read), ERR_TEMPLATE_INVALID, "190000 expressions");
}

static enum err read_whole(struct test *t, struct buf *b, const struct json *parameters)
{
    struct template_site site;
    struct template     *read;
    struct template_text text = {0};
    str                  whole;
    TRY(buf_finish(t->call, b, &whole));
    TRY(template_text_read(t->call, whole, &text));
    template_site_group(t, &site);
    return template_read(t->call, text.root, parameters, &site, &read);
}

// {"m0":VALUE,"m1":VALUE,...}
static void add_members(struct buf *b, size_t n, const char *value)
{
    buf_add_char(b, '{');
    for (size_t i = 0; i < n; i++) buf_addf(b, "%s\"m%zu\":%s", i ? "," : "", i, value);
    buf_add_char(b, '}');
}

// What looks for each of many names among many others takes steps for all of them.
TEST(template_counts_what_is_looked_for)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("{" TEMPLATE_HEAD "\"resources\":[{\"type\":\"A.B/c\",\"apiVersion\":\"1\",\"name\":\"n\",\"properties\":{\"[concat('a')]\":1"));
    for (size_t i = 0; i < 100000; i++) buf_addf(&b, ",\"m%zu\":1", i);
    buf_add(&b, S("}}]}"));
    enum err got = read_whole(t, &b, NULL);
    CHECK_ROW(str_find_str(str_of(t->call->failure.text), S("takes more than 5000000 steps")) != STR_NOWHERE, t->call->failure.text);
    CHECK_ERR(got, ERR_TEMPLATE_INVALID, "members beside one whose name is an expression");
    call_reset(t->call, NULL);

    buf_init(&b, &t->call->arena);
    buf_add(&b, S("{" TEMPLATE_HEAD "\"resources\":[],\"parameters\":{\"p\":{\"type\":\"object\",\"properties\":"));
    add_members(&b, 60000, "{}");
    buf_add(&b, S(",\"defaultValue\":"));
    add_members(&b, 60000, "1");
    buf_add(&b, S("}}}"));
    got = read_whole(t, &b, NULL);
    CHECK_ROW(str_find_str(str_of(t->call->failure.text), S("takes more than 5000000 steps")) != STR_NOWHERE, t->call->failure.text);
    CHECK_ERR(got, ERR_TEMPLATE_INVALID, "members of a definition");
}

// L3: where more is secure than is looked for, a failure is told by its kind alone.
TEST(template_with_many_secrets_tells_the_kind_of_a_failure)
{
    struct buf         b;
    const struct json *parameters;
    str                text;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("{\"p\":{\"value\":"));
    add_members(&b, 3000, "\"hush-hush\"");
    buf_add(&b, S("}}"));
    CHECK_OK(buf_finish(t->call, &b, &text));
    CHECK_OK(json_parse(t->call, text, &parameters));
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("{" TEMPLATE_HEAD "\"resources\":[],\"parameters\":{\"p\":{\"type\":\"secureObject\"}},\"outputs\":{\"o\":{\"type\":\"string\","
                  "\"value\":\"[fail('why')]\"}}}"));
    enum err got = read_whole(t, &b, parameters);
    CHECK_STR(str_of(t->call->failure.text), str_of(err_text(ERR_TEMPLATE_INVALID)), "words");
    CHECK_ERR(got, ERR_TEMPLATE_INVALID, "a failure");
}
