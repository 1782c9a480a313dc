#include "template/function.h"
#include "core/buf.h"
#include "template_fixture.h"

// Expressions and what they come to. Those of the published pages have their example.
static const struct { const char *expression, *want; } VALUES[] = {
    // texts: learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string
    {"[concat('a', 'b', 1)]", "\"ab1\""},
    {"[concat(createArray('1-1', '1-2'), createArray('2-1'))]", "[\"1-1\",\"1-2\",\"2-1\"]"},
    {"[toLower('One TWO Three')]", "\"one two three\""}, {"[toUpper('One two')]", "\"ONE TWO\""}, {"[trim('    one two three   ')]", "\"one two three\""},
    {"[replace('123-123-1234', '-', '')]", "\"1231231234\""}, {"[replace('aXbX', 'X', 'yy')]", "\"ayybyy\""},
    {"[split('one,two,three', ',')]", "[\"one\",\"two\",\"three\"]"}, {"[split('one;two,three', createArray(',', ';'))]", "[\"one\",\"two\",\"three\"]"}, {"[split('', ',')]", "[\"\"]"},
    {"[join(createArray('one', 'two', 'three'), ',')]", "\"one,two,three\""},
    {"[substring('one two three', 4, 3)]", "\"two\""}, {"[substring('abc', 3)]", "\"\""}, {"[substring('\xc3\xa4\xc3\xb6x', 1, 2)]", "\"\xc3\xb6x\""},
    {"[startsWith('abcdef', 'AB')]", "true"}, {"[endsWith('abcdef', 'eF')]", "true"}, {"[startsWith('abc', 'x')]", "false"},
    {"[padLeft('123', 10, '0')]", "\"0000000123\""}, {"[padLeft(7, 3)]", "\"  7\""}, {"[padLeft('long', 2)]", "\"long\""},
    {"[indexOf('test', 't')]", "0"}, {"[indexOf('abcdef', 'CD')]", "2"}, {"[indexOf('abcdef', 'z')]", "-1"}, {"[lastIndexOf('test', 't')]", "3"}, {"[lastIndexOf('abcdef', 'AB')]", "0"},
    {"[string(parameters('o'))]", "\"{\\\"a\\\":{\\\"b\\\":[1,2,3]},\\\"Key\\\":\\\"v\\\"}\""}, {"[string(5)]", "\"5\""}, {"[string(true())]", "\"True\""}, {"[string(createArray('a'))]", "\"[\\\"a\\\"]\""},
    {"it''s [no] expression", "\"it''s [no] expression\""}, {"['it''s']", "\"it's\""}, {"[[test value]", "\"[test value]\""}, {"[[open", "\"[[open\""}, {"[", "\"[\""},
    // format: .NET's composite formatting
    {"[format('{0}, {1}. Formatted number: {2:N0}', 'Hello', 'User', 8175133)]", "\"Hello, User. Formatted number: 8,175,133\""},
    {"[format('{0:D3}-{1:X}-{2:x4}', 7, 255, 255)]", "\"007-FF-00ff\""}, {"[format('{{{0}}}', 'x')]", "\"{x}\""}, {"[format('{0,5}|{0,-5}|', 'ab')]", "\"   ab|ab   |\""},
    {"[format('{0:000}', 12)]", "\"012\""}, {"[format('{0:F1} {0:N}', 1234)]", "\"1234.0 1,234.00\""}, {"[format('{0} {1}', true(), null())]", "\"True \""}, {"[format('{0}', createArray(1))]", "\"[1]\""},
    {"[format('{0:D2}', -5)]", "\"-05\""}, {"[format('{0:P0}', 1)]", "\"100 %\""}, {"[format('{0:E2}', 12345)]", "\"1.23E+004\""}, {"[format('{0:#,##0.00}', 1234)]", "\"1,234.00\""},
    // coding
    {"[base64('one, two, three')]", "\"b25lLCB0d28sIHRocmVl\""}, {"[base64ToString('b25lLCB0d28sIHRocmVl')]", "\"one, two, three\""},
    {"[base64ToJson(base64('{\"one\": 1}')).one]", "1"},
    {"[dataUri('Hello')]", "\"data:text/plain;charset=utf8;base64,SGVsbG8=\""}, {"[dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')]", "\"Hello, World!\""},
    {"[uri('http://contoso.org/firstpath/azuredeploy.json/', 'myscript.sh')]", "\"http://contoso.org/firstpath/azuredeploy.json/myscript.sh\""},
    {"[uri('http://contoso.org/firstpath/azuredeploy.json', 'myscript.sh')]", "\"http://contoso.org/firstpath/myscript.sh\""},
    {"[uri('http://contoso.org/firstpath', '/myscript.sh')]", "\"http://contoso.org/myscript.sh\""},
    {"[uriComponent('http://contoso.com/a b')]", "\"http%3A%2F%2Fcontoso.com%2Fa%20b\""}, {"[uriComponentToString('http%3A%2F%2Fcontoso.com')]", "\"http://contoso.com\""},
    {"[json('{\"a\": [1, 2.5, null]}')]", "{\"a\":[1,2.5,null]}"}, {"[json('null')]", "null"}, {"[json('1.5')]", "1.5"},
    {"[uniqueString('test')]", "\"rbgf3xv4ufgzg\""}, {"[uniqueString('hello', 'world')]", "\"a7wkljktk6wne\""}, {"[uniqueString('abc')]", "\"cgtzqvhu4i23s\""},
    {"[guid('a', 'b', 'c')]", "\"a98fa280-e03f-5afa-8d8e-92d0a9c201e8\""},
    // numbers
    {"[add(5, 3)]", "8"}, {"[sub(7, 3)]", "4"}, {"[mul(5, 3)]", "15"}, {"[div(8, 3)]", "2"}, {"[mod(7, 3)]", "1"}, {"[div(-7, 2)]", "-3"}, {"[int('4')]", "4"}, {"[int(' -4 ')]", "-4"}, {"[float(2)]", "2.0"},
    {"[max(1, 2, 3)]", "3"}, {"[min(createArray(3, 1))]", "1"}, {"[range(5, 3)]", "[5,6,7]"}, {"[range(0, 0)]", "[]"}, {"[-9223372036854775808]", "-9223372036854775808"},
    // logic and comparison
    {"[and(true(), false())]", "false"}, {"[or(false(), true())]", "true"}, {"[not(true())]", "false"}, {"[bool('TRUE')]", "true"}, {"[bool(0)]", "false"},
    {"[if(equals('a', 'a'), 'yes', fail('no'))]", "\"yes\""}, {"[and(false(), fail('x'))]", "false"}, {"[or(true(), fail('x'))]", "true"}, {"[coalesce(null(), 'x', fail('y'))]", "\"x\""},
    {"[coalesce(null())]", "null"}, {"[equals(createObject('a', 1, 'b', createArray(2)), createObject('B', createArray(2), 'a', 1))]", "true"}, {"[equals('a', 'A')]", "false"}, {"[equals(1, json('1.0'))]", "true"},
    {"[equals(parameters('n'), null())]", "true"}, {"[less(1, 2)]", "true"}, {"[greater('b', 'a')]", "true"}, {"[lessOrEquals(2, 2)]", "true"}, {"[greaterOrEquals('a', 'b')]", "false"},
    // arrays
    {"[createArray(1, 'a', createObject())]", "[1,\"a\",{}]"}, {"[array('a')]", "[\"a\"]"}, {"[array(createArray(1))]", "[1]"}, {"[length('One Two Three')]", "13"}, {"[length(parameters('o'))]", "2"}, {"[length(createArray(1, 2))]", "2"},
    {"[empty('')]", "true"}, {"[empty(createArray())]", "true"}, {"[empty(null())]", "true"}, {"[empty(createObject('a', 1))]", "false"},
    {"[contains('OneTwoThree', 'e')]", "true"}, {"[contains('OneTwoThree', 'z')]", "false"}, {"[contains(parameters('o'), 'KEY')]", "true"}, {"[contains(createArray('one', 'two'), 'two')]", "true"}, {"[contains(createArray(1), '1')]", "false"},
    {"[first('One Two Three')]", "\"O\""}, {"[last('One Two Three')]", "\"e\""}, {"[first(createArray(1, 2))]", "1"}, {"[first(createArray())]", "null"}, {"[last('')]", "\"\""},
    {"[take(createArray('one', 'two', 'three'), 2)]", "[\"one\",\"two\"]"}, {"[take('on', 5)]", "\"on\""}, {"[skip('one two three', 4)]", "\"two three\""}, {"[skip(createArray(1, 2), 9)]", "[]"}, {"[take('abc', -1)]", "\"\""},
    {"[union(createArray('one', 'two'), createArray('two', 'three'))]", "[\"one\",\"two\",\"three\"]"}, {"[union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2), 'b', 3))]", "{\"a\":{\"x\":1,\"y\":2},\"b\":3}"},
    {"[intersection(createArray('one', 'two'), createArray('two', 'three'))]", "[\"two\"]"}, {"[intersection(createObject('a', 1, 'b', 2), createObject('b', 2, 'a', 3))]", "{\"b\":2}"},
    {"[indexOf(createArray('a', 'b', 'a'), 'a')]", "0"}, {"[lastIndexOf(createArray('a', 'b', 'a'), 'a')]", "2"}, {"[flatten(createArray(createArray(1), createArray(2, 3)))]", "[1,2,3]"},
    {"[indexFromEnd(createArray(1, 2, 3), 1)]", "3"}, {"[tryIndexFromEnd(createArray(1), 2)]", "null"},
    // objects
    {"[createObject('intProp', 1, 'boolProp', true())]", "{\"intProp\":1,\"boolProp\":true}"}, {"[items(createObject('b', 1, 'a', 2))]", "[{\"key\":\"a\",\"value\":2},{\"key\":\"b\",\"value\":1}]"},
    {"[objectKeys(createObject('b', 1, 'A', 2))]", "[\"A\",\"b\"]"}, {"[tryGet(parameters('o'), 'a', 'b', 1)]", "2"}, {"[tryGet(parameters('o'), 'x', 'y')]", "null"}, {"[shallowMerge(createArray(createObject('a', 1), createObject('a', createObject('b', 2))))]", "{\"a\":{\"b\":2}}"},
    // lambdas
    {"[map(createArray('Evie', 'Casper'), lambda('dog', concat('Hi ', lambdaVariables('dog'))))]", "[\"Hi Evie\",\"Hi Casper\"]"}, {"[map(range(0, 3), lambda('a', 'i', mul(lambdaVariables('a'), lambdaVariables('i'))))]", "[0,1,4]"},
    {"[filter(range(0, 5), lambda('i', equals(mod(lambdaVariables('i'), 2), 0)))]", "[0,2,4]"}, {"[reduce(createArray(5, 3, 2), 0, lambda('cur', 'next', add(lambdaVariables('cur'), lambdaVariables('next'))))]", "10"},
    {"[sort(createArray(8, 3, 10, -13, 5), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))]", "[-13,3,5,8,10]"}, {"[sort(createArray(), lambda('a', 'b', true()))]", "[]"},
    {"[toObject(createArray('x', 'y'), lambda('k', lambdaVariables('k')), lambda('k', toUpper(lambdaVariables('k'))))]", "{\"x\":\"X\",\"y\":\"Y\"}"}, {"[mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))]", "{\"a\":2}"},
    {"[groupBy(createArray('foo', 'bar', 'baz'), lambda('x', substring(lambdaVariables('x'), 0, 1)))]", "{\"f\":[\"foo\"],\"b\":[\"bar\",\"baz\"]}"},
    {"[map(range(0, 2), lambda('i', map(range(0, 2), lambda('j', add(mul(lambdaVariables('i'), 10), lambdaVariables('j'))))))]", "[[0,1],[10,11]]"},
    // dates
    {"[dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')]", "\"2023-04-07T14:53:14Z\""}, {"[dateTimeAdd('2020-04-07 14:53:14Z', '-P9D')]", "\"2020-03-29T14:53:14Z\""}, {"[dateTimeAdd('20200407T145314Z', 'PT1H', 'yyyy-MM-dd HH:mm')]", "\"2020-04-07 15:53\""},
    {"[dateTimeAdd('2020-01-31T00:00:00Z', 'P1M', 'd')]", "\"02/29/2020\""}, {"[dateTimeToEpoch('2023-05-02T15:16:13Z')]", "1683040573"}, {"[dateTimeFromEpoch(1683040573)]", "\"2023-05-02T15:16:13Z\""}, {"[dateTimeAdd('2026-03-24', 'PT0S', 'ddd, d MMM yy h:mm tt')]", "\"Tue, 24 Mar 26 12:00 AM\""},
    // ids: learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource#resourceid
    {"[resourceId('Microsoft.Storage/storageAccounts', 'st')]", "\"" TEMPLATE_GROUP "/providers/Microsoft.Storage/storageAccounts/st\""},
    {"[resourceId('other', 'Microsoft.Sql/servers/databases', 's', 'd')]", "\"" TEMPLATE_SUB "/resourceGroups/other/providers/Microsoft.Sql/servers/s/databases/d\""},
    {"[resourceId('00000000-0000-0000-0000-00000000000b', 'other', 'A.B/c', 'n')]", "\"/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/other/providers/A.B/c/n\""},
    {"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')]", "\"" TEMPLATE_SUB "/providers/Microsoft.Authorization/roleDefinitions/r\""},
    {"[tenantResourceId('Microsoft.Authorization/roleDefinitions', 'r')]", "\"/providers/Microsoft.Authorization/roleDefinitions/r\""},
    {"[managementGroupResourceId('mg', 'A.B/c', 'n')]", "\"/providers/Microsoft.Management/managementGroups/mg/providers/A.B/c/n\""},
    {"[extensionResourceId(resourceId('A.B/c', 'n'), 'Microsoft.Authorization/locks', 'l')]", "\"" TEMPLATE_GROUP "/providers/A.B/c/n/providers/Microsoft.Authorization/locks/l\""},
    // networks: learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-cidr
    {"[parseCidr('10.144.0.0/20')]", "{\"network\":\"10.144.0.0\",\"netmask\":\"255.255.240.0\",\"broadcast\":\"10.144.15.255\",\"firstUsable\":\"10.144.0.1\",\"lastUsable\":\"10.144.15.254\",\"cidr\":20}"},
    {"[parseCidr('fdad:3236:5555::/48')]", "{\"network\":\"fdad:3236:5555::\",\"netmask\":\"ffff:ffff:ffff::\",\"firstUsable\":\"fdad:3236:5555::\",\"lastUsable\":\"fdad:3236:5555:ffff:ffff:ffff:ffff:ffff\",\"cidr\":48}"},
    {"[map(range(0, 2), lambda('i', cidrSubnet('10.144.0.0/20', 24, lambdaVariables('i'))))]", "[\"10.144.0.0/24\",\"10.144.1.0/24\"]"}, {"[cidrSubnet('fdad:3236:5555::/48', 52, 1)]", "\"fdad:3236:5555:1000::/52\""},
    {"[map(range(0, 2), lambda('i', cidrHost('10.144.3.0/24', lambdaVariables('i'))))]", "[\"10.144.3.1\",\"10.144.3.2\"]"}, {"[cidrHost('fdad:3236:5555:3000::/52', 0)]", "\"fdad:3236:5555:3000::1\""}, {"[cidrHost('::/0', 0)]", "\"::1\""}, {"[cidrSubnet('0.0.0.0/0', 0, 0)]", "\"0.0.0.0/0\""},
    {"[cidrSubnet('1:0:0:2:0:0:0:3/128', 128, 0)]", "\"1:0:0:2::3/128\""}, {"[cidrSubnet('10.1.2.3/8', 32, 16777215)]", "\"10.255.255.255/32\""},
    // providers and zones: .../azure/azure-resource-manager/bicep/bicep-functions-resource
    {"[providers('microsoft.keyvault', 'Vaults').resourceType]", "\"vaults\""}, {"[contains(providers('Microsoft.KeyVault', 'vaults').apiVersions, '2023-07-01')]", "true"}, {"[contains(providers('Microsoft.KeyVault', 'vaults').locations, 'West US')]", "true"},
    {"[contains(map(providers('Microsoft.KeyVault').resourceTypes, lambda('t', lambdaVariables('t').resourceType)), 'vaults')]", "true"},
    {"[pickZones('Microsoft.Compute', 'virtualMachines', 'westus2')]", "[\"1\"]"}, {"[pickZones('Microsoft.Compute', 'virtualMachines', 'West US 2', 3)]", "[\"1\",\"2\",\"3\"]"}, {"[pickZones('Microsoft.Compute', 'virtualMachines', 'westus2', 1, 2)]", "[\"3\"]"},
    {"[pickZones('Microsoft.Compute', 'virtualMachines', 'westus')]", "[]"}, {"[pickZones('Microsoft.Cdn', 'profiles', 'westus2')]", "[]"},
    {"[toLogicalZone(subscription().subscriptionId, 'westus2', 'westus2-az1')]", "\"1\""}, {"[toLogicalZones('s', 'westus2', createArray('westus2-az2', 'westus2-az9', 'x'))]", "[\"2\",\"\",\"\"]"},
    {"[toPhysicalZone('s', 'West US 2', '3')]", "\"westus2-az3\""}, {"[toPhysicalZones('s', 'westus', createArray('1', ''))]", "[\"\",\"\"]"},
    // what the deployment knows
    {"[resourceGroup().location]", "\"westeurope\""}, {"[subscription().tenantId]", "\"t\""}, {"[deployment().name]", "\"main\""}, {"[environment().suffixes.storage]", "\"core.windows.net\""}, {"[deployer().objectId]", "\"o\""}, {"[tenant().tenantId]", "\"t\""},
    // accesses
    {"[parameters('o').A.b[2]]", "3"}, {"[PARAMETERS('S')]", "\"text\""}, {"[parameters('o')['a']['b'][add(0, 1)]]", "2"}, {"[parameters('o').?x]", "null"}, {"[parameters('o').?x.y.z]", "null"}, {"[parameters('o').a.b[?7]]", "null"}, {"[parameters('n').?x]", "null"},
    // running resources
    {"[reference('/subscriptions/x/resourceGroups/y/providers/A.B/c/d', '2020-01-01').asked]", "\"2020-01-01\""},
    {"[reference(resourceId('A.B/d', 'e'), '2020-01-01', 'Full').identity.principalId]", "\"p\""}, {"[reference(resourceId('A.B/d', 'e'), '1', 'full').resourceId]", "\"A.B/d/e\""},
    {"[reference('A.B/d/e', '1').self]", "\"" TEMPLATE_GROUP "/providers/A.B/d/e\""},
    {"[listKeys(resourceId('A.B/d', 'e'), '2020-01-01').function]", "\"listKeys\""}, {"[listSecrets(resourceId('A.B/d', 'e'), '1', createObject('a', 1)).body]", "true"},
    {"[ concat( 'a' ,\n 'b' ) ]", "\"ab\""},
};

TEST(template_functions_give_the_published_results)
{
    for (size_t i = 0; i < COUNT(VALUES); i++) CHECK_STR(template_value(t, VALUES[i].expression), str_of(VALUES[i].want), VALUES[i].expression);
}

// What is refused, by the words of the failure: wrong arguments, and what would take too much.
static const struct { const char *expression, *words; } REFUSED[] = {
    // the reader
    {"[nothing('a')]", "The template function 'nothing' is not valid."}, {"[concat('a']", "Unable to parse language expression 'concat('a'': expected token 'RightParenthesis' and actual 'EndOfData'."},
    {"[concat('a'))]", "expected token 'EndOfData' and actual 'RightParenthesis'"}, {"[concat]", "expected token 'LeftParenthesis' and actual 'EndOfData'"}, {"['open]", "actual 'Unknown'"}, {"[]", "actual 'EndOfData'"},
    {"[concat('a',)]", "expected token 'Identifier' and actual 'RightParenthesis'"}, {"[concat('a' 'b')]", "and actual 'String'"}, {"[parameters('o').]", "expected token 'Identifier' and actual 'EndOfData'"}, {"[a.b.c()]", "expected token 'LeftParenthesis' and actual 'Dot'"},
    {"[99999999999999999999]", "is not an integer of 64 bits"}, {"[1.5]", "expected token 'Identifier' and actual 'Integer'"}, {"[substring('a')]", "Unable to evaluate template language function 'substring': function requires 2 to 3 argument(s) while 1 were provided."},
    {"[x.y()]", "The template function 'x.y' is not valid."}, {"[lambda('x', 1)]", "The template function 'lambda' is not expected at this location."}, {"[concat(lambda('x', 1))]", "does not take a lambda"}, {"[map(createArray(), 1)]", "expects a lambda"},
    // arguments
    {"[toLower(1)]", "The template language function 'toLower' expects its parameter 1 to be of type 'String'. The provided value is of type 'Integer'."}, {"[if(1, 2, 3)]", "of type 'Boolean'. The provided value is of type 'Integer'."},
    {"[parameters('none')]", "The template parameter 'none' is not found."}, {"[parameters('o').none]", "The language expression property 'none' doesn't exist, available properties are 'a, Key'."}, {"[parameters('o').a.b[3]]", "The language expression property array index '3' is out of bounds."},
    {"[parameters('s').x]", "the value before it is of type 'String'"}, {"[parameters('o')[0]]", "a value of type 'Object' has no item by an index of type 'Integer'"}, {"[parameters('o').a.b[-1]]", "array index '-1' is out of bounds"},
    {"[substring('abc', 2, 5)]", "must refer to a location within the text"}, {"[substring('abc', -1)]", "must be from '0' to the length of the text"}, {"[concat('a', createArray())]", "all arrays or all texts"}, {"[concat(createArray(), 'a')]", "all arrays or all texts"},
    {"[replace('a', '', 'b')]", "the text to replace is empty"}, {"[padLeft('a', 3, 'xy')]", "must be one character"}, {"[base64ToString('*')]", "is not base64"}, {"[base64ToString('//79')]", "is no text"}, {"[json('{')]", "is not JSON"}, {"[uri('x', 'y')]", "is not an absolute URI"},
    {"[int('x')]", "cannot be converted to an integer"}, {"[float('0x1')]", "cannot be converted to a number"}, {"[bool('maybe')]", "cannot be converted to a boolean"}, {"[min()]", "requires at least 1 argument(s)"}, {"[max('a')]", "must be integers"}, {"[min(createArray())]", "the array is empty"},
    {"[add(9223372036854775807, 1)]", "Unable to evaluate template language function 'add': arithmetic operation resulted in an overflow."}, {"[sub(-9223372036854775808, 1)]", "overflow"}, {"[mul(9223372036854775807, 2)]", "overflow"}, {"[div(-9223372036854775808, -1)]", "overflow"}, {"[mod(1, 0)]", "attempted to divide by zero"},
    {"[less(1, 'a')]", "must be of the same type"}, {"[union(createArray(), createObject())]", "all arrays or all objects"}, {"[createObject('a')]", "an even number of arguments"}, {"[createObject(1, 2)]", "must be a text, the name of a property"}, {"[first(createObject())]", "must be an array or a text"},
    {"[flatten(createArray(1))]", "is not an array"}, {"[indexFromEnd(createArray(1), 2)]", "out of bounds"}, {"[contains('a', createArray())]", "the value to find"}, {"[map(1, lambda('x', 1))]", "its first argument must be an array"}, {"[map(createArray(1), lambda(1))]", "its lambda has fewer variables than it needs"},
    {"[map(createArray(1), lambda('a', 'b', 'c', 1))]", "its lambda has more variables than it gives"}, {"[map(createArray(1), lambda(toLower('a'), 1))]", "must be texts"}, {"[filter(createArray(1), lambda('x', 1))]", "must give a boolean"}, {"[lambdaVariables('x')]", "there is no lambda variable 'x' here"},
    {"[dateTimeAdd('yesterday', 'P1D')]", "the date is not valid"}, {"[dateTimeAdd('2020-01-01', '1D')]", "the duration is not valid"}, {"[dateTimeAdd('2020-01-01', 'P1D2Y')]", "is not valid"}, {"[dateTimeAdd('2020-01-01', 'PT')]", "is not valid"}, {"[dateTimeAdd('2020-01-01', 'P9999Y')]", "leads out of the years"}, {"[dateTimeFromEpoch(9223372036854775807)]", "out of the years"},
    {"[resourceId('A.B', 'n')]", "must be a fully qualified resource type"}, {"[resourceId('A.B/c/d', 'n')]", "the type 'A.B/c/d' requires '2' resource name argument(s) while '1' were provided."}, {"[extensionResourceId('x', 'A.B/c', 'n')]", "must be the id of a resource"}, {"[managementGroup().id]", "The template function 'managementGroup' is not expected at this location."},
    {"[reference('/x/y')]", "needs an API version"}, {"[reference('n')]", "cannot reference itself"}, {"[reference(resourceId('A.B/c', 'o'), '1', 'half')]", "must be 'Full'"}, {"[reference(resourceId('A.B/c', 'absent'), '1')]", "was not found"}, {"[fail('stop here')]", "stop here"}, {"[copyIndex('x')]", "The template function 'copyIndex' is not expected at this location."},
    {"[format('{0}')]", "less than the size of the argument list"}, {"[format('{')]", "not in a correct format"}, {"[format('{x}', 1)]", "not in a correct format"}, {"[format('{0:Q}', 1)]", "the format specifier 'Q' is not valid"}, {"[format('{-1}', 1)]", "not in a correct format"},
    {"[parseCidr('10.0.0.0')]", "is not a range of addresses"}, {"[parseCidr('10.0.0/8')]", "is not a range"}, {"[parseCidr('10.0.0.256/8')]", "is not a range"}, {"[parseCidr('10.0.0.0/33')]", "is not a range"}, {"[parseCidr('1::2::3/8')]", "is not a range"}, {"[parseCidr('1:2:3:4:5:6:7:8:9/8')]", "is not a range"},
    {"[parseCidr('1:2:3:4:5:6:7::8/129')]", "is not a range"}, {"[cidrSubnet('10.0.0.0/8', 7, 0)]", "the new prefix must be from '8' to '32'"}, {"[cidrSubnet('10.0.0.0/8', 9, 2)]", "out of the range of subnets"}, {"[cidrHost('10.0.0.0/24', 254)]", "out of the range of hosts"}, {"[cidrHost('10.0.0.0/32', 0)]", "out of the range of hosts"}, {"[cidrHost('10.0.0.0/24', -1)]", "out of the range of hosts"},
    {"[providers('No.Such')]", "the resource namespace 'No.Such' is invalid"}, {"[providers('Microsoft.KeyVault', 'none')]", "could not be found in the namespace"}, {"[pickZones('a', 'b', 'westus2', 4)]", "must be from '1' to '3'"}, {"[pickZones('a', 'b', 'westus2', 2, 2)]", "exceed the '3' zones"}, {"[toLogicalZones('s', 'westus2', createArray(1))]", "must be a text"},
    // too much of it
    {"[format('{0,1000000000}', 1)]", "the width of an argument is more than"}, {"[format('{0:D100}', 1)]", "the format specifier 'D100' is not valid"}, {"[range(0, 1000000000)]", "the count '1000000000' must be from '0' to '10000'"}, {"[padLeft('a', 1000000000)]", "the total length must be from '0' to"},
    {"[reduce(range(0, 64), 'xx', lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))]", "A text that a function makes has more than 1048576 bytes."},
    {"[reduce(range(0, 64), createArray(1), lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))]", "has more than 200000 values in it"}, {"[reduce(range(0, 64), 1, lambda('a', 'b', createArray(lambdaVariables('a'), lambdaVariables('a'))))]", "has more than 200000 values in it"},
    {"[reduce(range(0, 100), 1, lambda('a', 'b', createArray(lambdaVariables('a'))))]", "is nested deeper than 56 levels"}, {"[map(range(0, 10000), lambda('x', map(range(0, 10000), lambda('y', 1))))]", "Evaluating the template takes more than 50331648 bytes of memory."},
    {"[map(createArray(range(0, 10000)), lambda('r', map(range(0, 1000), lambda('x', contains(lambdaVariables('r'), 'z')))))]", "Evaluating the template takes more than 5000000 steps."},
    {"[map(range(0, 10000), lambda('x', padLeft('x', 100000)))]", "Evaluating the template takes more than 50331648 bytes of memory."}, {"[uniqueString(padLeft('x', 2000000))]", "the total length must be from '0' to"},
    {"[json(concat(padLeft('', 100, '['), padLeft('', 100, ']')))]", "nested deeper than 64 levels"},
    {"[indexOf(join(map(range(0, 10), lambda('i', padLeft('', 100000, 'a'))), ''), concat(join(map(range(0, 5), lambda('i', padLeft('', 100000, 'a'))), 'a'), 'b'))]", "Evaluating the template takes more than 5000000 steps."},
    {"[lastIndexOf(join(map(range(0, 10), lambda('i', padLeft('', 100000, 'a'))), ''), padLeft('', 5000, 'a'))]", "Evaluating the template takes more than 5000000 steps."},
    {"[split(join(map(range(0, 10), lambda('i', padLeft('', 100000, 'a'))), ''), concat(padLeft('', 100000, 'a'), 'b'))]", "Evaluating the template takes more than 5000000 steps."},
    {"[map(createArray(join(map(range(0, 10), lambda('i', padLeft('', 100000, 'a'))), '')), lambda('m', map(range(0, 2000), lambda('x', length(lambdaVariables('m'))))))]", "Evaluating the template takes more than"},
};

// Every function that learn.microsoft.com/azure/azure-resource-manager/templates/template-functions lists, and those that Bicep emits beyond.
TEST(template_has_every_published_function)
{
    static const char *const NAMES[] = {
        "array", "concat", "contains", "createArray", "empty", "first", "indexFromEnd", "indexOf", "intersection", "last", "lastIndexOf", "length", "min", "max", "range", "skip", "take", "tryGet", "tryIndexFromEnd", "union", "flatten",
        "cidrHost", "cidrSubnet", "parseCidr", "coalesce", "equals", "less", "lessOrEquals", "greater", "greaterOrEquals", "dateTimeAdd", "dateTimeFromEpoch", "dateTimeToEpoch", "utcNow",
        "deployer", "deployment", "environment", "parameters", "variables", "filter", "groupBy", "map", "mapValues", "reduce", "sort", "toObject", "lambda", "lambdaVariables",
        "and", "bool", "false", "if", "not", "or", "true", "add", "copyIndex", "div", "float", "int", "mod", "mul", "sub", "createObject", "items", "json", "null", "objectKeys", "shallowMerge",
        "extensionResourceId", "listKeys", "listAccountSas", "listSecrets", "list", "pickZones", "providers", "reference", "references", "resourceId", "resourceInfo", "subscriptionResourceId", "managementGroupResourceId", "tenantResourceId",
        "toLogicalZone", "toLogicalZones", "toPhysicalZone", "toPhysicalZones", "managementGroup", "resourceGroup", "subscription", "tenant",
        "base64", "base64ToJson", "base64ToString", "dataUri", "dataUriToString", "endsWith", "fail", "format", "guid", "join", "newGuid", "padLeft", "replace", "split", "startsWith", "string", "substring", "toLower", "toUpper", "trim",
        "uniqueString", "uri", "uriComponent", "uriComponentToString",
    };
    for (size_t i = 0; i < COUNT(NAMES); i++) CHECK_ROW(function_find(str_of(NAMES[i])) != NULL, NAMES[i]);
    CHECK(!function_find(S("externalInput"))); // of files of parameters alone
}

TEST(template_functions_refuse_wrong_arguments_and_too_much)
{
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        str said = template_value(t, REFUSED[i].expression);
        if (str_find_str(said, str_of(REFUSED[i].words)) == STR_NOWHERE)
            test_failed(t, __FILE__, __LINE__, "%s: \"%.*s\" has not \"%s\"", REFUSED[i].expression, PSTR(str_upto(said, 300)), REFUSED[i].words);
        call_reset(t->call, NULL); // the largest take much of its memory
    }
}

// `open` and then `close`, each so many times, around a text.
static str repeated(struct test *t, const char *open, const char *close, size_t times)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    buf_add_char(&b, '[');
    for (size_t i = 0; i < times; i++) buf_add(&b, str_of(open));
    buf_add(&b, S("parameters('s')"));
    for (size_t i = 0; i < times; i++) buf_add(&b, str_of(close));
    buf_add_char(&b, ']');
    return buf_text(t->call, &b);
}

TEST(template_expressions_have_limits_of_depth_and_length)
{
    static const struct { const char *open, *close; size_t times; const char *words; } CASES[] = {
        {"concat(", ")", 98, "\"text\""}, {"concat(", ")", 101, "The language expression is nested deeper than 100 levels."}, {"", ".a", 200, "expected token 'EndOfData' and actual 'Dot'"},
        {"", " ", 25000, "The language expression length limit exceeded. Limit: '24576' and actual: '25017'."}, {"", " ", 24000, "\"text\""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str said = template_value(t, call_zstr(t->call, repeated(t, CASES[i].open, CASES[i].close, CASES[i].times)));
        if (str_find_str(said, str_of(CASES[i].words)) == STR_NOWHERE)
            test_failed(t, __FILE__, __LINE__, "%s x %zu: \"%.*s\"", CASES[i].close, CASES[i].times, PSTR(str_upto(said, 300)));
    }
}
