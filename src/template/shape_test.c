#include "template/shape.h"

#include "template_fixture.h"

#define HEAD "'$schema':'s','contentVersion':'1','resources':"

static void check_words(struct test *t, enum err got, const char *words)
{
    str said = call_text(t->call, str_of(t->call->failure.text));
    if (str_find_str(said, str_of(words)) == STR_NOWHERE) test_failed(t, __FILE__, __LINE__, "\"%.*s\" has not \"%s\"", PSTR(said), words);
    CHECK_ROW(str_find_str(said, S("hush")) == STR_NOWHERE, words);
    CHECK_ERR(got, ERR_TEMPLATE_INVALID, words);
}

// Published: quickstart-troubleshoot-arm-deployment (TemplateResource), the tests of vscode-azurearmtools (Template, missing members).
TEST(template_shape_names_the_member_and_its_place)
{
    static const struct { const char *template, *words; } CASES[] = {
        {"{}", "Required property '$schema' not found in JSON. Path '', line 1, position 2."},
        {"{\n}", "Required property '$schema' not found in JSON. Path '', line 2, position 1."},
        {"{\n'$schema':'foo'\n}", "Required property 'contentVersion' not found in JSON. Path '', line 3, position 1."},
        {"{'$schema':'foo','contentVersion':null}", "Required property 'contentVersion' expects a value but got null. Path '', line 1, position 39."},
        {"{'$schema':'s','contentVersion':'1'}", "Required property 'resources' not found in JSON. Path '', line 1, position 36."},
        {"{\n    'parameters2': {}," HEAD "[]}", "Could not find member 'parameters2' on object of type 'Template'. Path 'parameters2', line 2, position 18."},
        {"{'//':'note'," HEAD "[]}", "Could not find member '//' on object of type 'Template'. Path '['//']', line 1, position 6."},
        {"{" HEAD "[{'type':'A.B/c'},{'apiVersion1':'2016-01-01'}]}", "Could not find member 'apiVersion1' on object of type 'TemplateResource'. Path 'resources[1].apiVersion1', line 1, position "},
        {"{" HEAD "[{'description':'x'}]}", "Could not find member 'description' on object of type 'TemplateResource'. Path 'resources[0].description'"},
        {"{" HEAD "[{'resources':[{'dependOn':[]}]}]}", "Path 'resources[0].resources[0].dependOn'"},
        {"{" HEAD "{'web':{'dependson':[],'depends':[]}}}", "Could not find member 'depends' on object of type 'TemplateResource'. Path 'resources.web.depends'"},
        {"{" HEAD "{'a::b c':{'depends':[]}}}", "Path 'resources['a::b c'].depends'"},
        {"{" HEAD "[{'copy':{'name':'x','count':1,'times':2}}]}", "Path 'resources[0].copy.times'"},
        {"{" HEAD "[],'parameters':{'p':{'type':'securestring','reference':{}}}}", "Could not find member 'reference' on object of type 'TemplateInputParameter'. Path 'parameters.p.reference'"},
        {"{" HEAD "[],'outputs':{'o':{'type':'string','values':1}}}", "Path 'outputs.o.values'"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template_text    text = {0};
        struct template_context at = {.text = &text};
        CHECK_OK(template_text_read(t->call, template_quoted(t, CASES[i].template), &text));
        check_words(t, template_shape_check(t->call, text.root, &at), CASES[i].words);
    }
}

TEST(template_shape_takes_what_is_published)
{
    static const char *const CASES[] = {
        "{" HEAD "[]}",
        "{'$SCHEMA':'s','contentversion':'1','Resources':[],'metadata':{'anything':{'at':'all'}},'variables':{'x':1},'apiProfile':'p','functions':[]}",
        "{" HEAD "[{'type':'A.B/c','apiVersion':'1','name':'n','location':'l','tags':{'any':'1'},'properties':{'any':1},'sku':{},'identity':{},'zones':[],'comments':'c','copy':{'name':'l','count':1,'mode':'serial','batchSize':1}}]}",
        "{" HEAD "{'a':{'existing':true,'type':'A.B/c','apiVersion':'1','name':'n','@options':{'onlyIfNotExists':true}}},'languageVersion':'2.0','definitions':{'t':{'type':'object','sealed':true}}}",
        "{" HEAD "[],'parameters':{'p':{'$ref':'#/definitions/t','nullable':true,'minLength':1,'metadata':{'x':1},'discriminator':{'propertyName':'k'}}},'outputs':{'o':{'type':'string','value':'v','condition':true}}}",
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template_text    text = {0};
        struct template_context at = {.text = &text};
        CHECK_OK(template_text_read(t->call, template_quoted(t, CASES[i]), &text));
        CHECK_ERR(template_shape_check(t->call, text.root, &at), OK, CASES[i]);
        call_forgive(t->call);
    }
}

// L3: what is given for a parameter may be a secret, and is not said.
TEST(template_shape_of_values_names_no_value)
{
    static const struct { const char *values, *words; } CASES[] = {
        {"{'p':'hush'}", "Error converting value to type 'Azure.Deployments.Core.Definitions.DeploymentParameterDefinition'. Path 'properties.parameters.p', line 1, position 11."},
        {"{'$schema':'s'}", "Path 'properties.parameters.$schema'"},
        {"{'p':{'value':1,'hint':'hush'}}", "Could not find member 'hint' on object of type 'DeploymentParameterDefinition'. Path 'properties.parameters.p.hint'"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template_text    text = {0};
        struct template_context at = {&text, S("properties.parameters")};
        CHECK_OK(template_text_read(t->call, template_quoted(t, CASES[i].values), &text));
        check_words(t, template_shape_check_values(t->call, text.root, &at), CASES[i].words);
    }
}
