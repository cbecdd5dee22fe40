// SPDX-License-Identifier: Apache-2.0
#include "server/sql/vocabulary.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

#include "base/text.h"

namespace lw::server::sql {
namespace {

// What is not here on purpose: whatever reads files, addresses, dictionaries, other tables,
// settings or the process; what waits; what runs others' code; what is of the engine's inside.
constexpr std::string_view kFunctions =
    // types, which stand like functions in CAST
    "Nullable Array Tuple Map LowCardinality String FixedString DateTime DateTime64 Decimal "
    "Decimal32 Decimal64 Decimal128 Decimal256 Enum8 Enum16 varchar char Date Time "
    // of the connection, as clients ask for it
    "version currentDatabase current_database database schema timezone timeZone serverTimezone "
    "revision currentUser current_user user "
    // numbers
    "plus minus multiply divide intDiv intDivOrZero intDivOrNull modulo moduloOrZero moduloOrNull "
    "positiveModulo positiveModuloOrNull negate abs sign gcd lcm floor ceil ceiling round trunc "
    "truncate roundBankers roundDown roundToExp2 exp exp2 exp10 log ln log2 log10 log1p sqrt cbrt "
    "erf erfc pow power sin cos tan asin acos atan atan2 sinh cosh tanh degrees radians pi e hypot "
    "isFinite isInfinite isNaN ifNotFinite least greatest max2 min2 clamp factorial widthBucket "
    "bitAnd bitOr bitXor bitNot bitShiftLeft bitShiftRight bitTest bitTestAny bitTestAll bitCount "
    "byteSwap sqr mod midpoint divideDecimal multiplyDecimal rand rand32 rand64 randCanonical "
    // conditions and comparisons
    "if multiIf ifNull nullIf isNull isNotNull isNullable isZeroOrNull coalesce assumeNotNull "
    "toNullable equals notEquals less greater lessOrEquals greaterOrEquals isNotDistinctFrom and "
    "or xor not transform caseWithExpression in notIn "
    // conversions
    "cast CAST accurateCast accurateCastOrNull accurateCastOrDefault toInt8 toInt16 toInt32 "
    "toInt64 toInt128 toInt256 toUInt8 toUInt16 toUInt32 toUInt64 toUInt128 toUInt256 toFloat32 "
    "toFloat64 toBool toInt8OrNull toInt16OrNull toInt32OrNull toInt64OrNull toUInt8OrNull "
    "toUInt16OrNull toUInt32OrNull toUInt64OrNull toFloat32OrNull toFloat64OrNull toInt32OrZero "
    "toInt64OrZero toUInt32OrZero toUInt64OrZero toFloat32OrZero toFloat64OrZero toInt64OrDefault "
    "toFloat64OrDefault toDecimal32 toDecimal64 toDecimal128 toDecimal64OrNull toDecimal128OrNull "
    "toString toFixedString toStringCutToZero toUUID toUUIDOrNull reinterpretAsInt64 "
    "reinterpretAsUInt64 toTypeName toColumnTypeName materialize identity ignore "
    "defaultValueOfArgumentType defaultValueOfTypeName "
    // time
    "now now64 today yesterday toDate toDate32 toDateTime toDateTime32 toDateTime64 toDateOrNull "
    "toDateTimeOrNull toDateTime64OrNull toDateOrZero toDateTimeOrZero toTime toTimeZone "
    "timeZoneOf timezoneOf timeZoneOffset timezoneOffset toYear toQuarter toMonth toWeek toISOWeek "
    "toISOYear toDayOfYear toDayOfMonth toDayOfWeek toHour toMinute toSecond toMillisecond "
    "toUnixTimestamp toUnixTimestamp64Second toUnixTimestamp64Milli toUnixTimestamp64Micro "
    "toUnixTimestamp64Nano fromUnixTimestamp fromUnixTimestamp64Second fromUnixTimestamp64Milli "
    "fromUnixTimestamp64Micro fromUnixTimestamp64Nano toStartOfYear toStartOfISOYear "
    "toStartOfQuarter toStartOfMonth toStartOfWeek toMonday toStartOfDay toStartOfHour "
    "toStartOfMinute toStartOfSecond toStartOfMillisecond toStartOfFiveMinutes "
    "toStartOfFiveMinute toStartOfTenMinutes toStartOfFifteenMinutes toStartOfInterval "
    "toLastDayOfMonth toLastDayOfWeek toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss YYYYMMDDToDate "
    "toRelativeYearNum toRelativeMonthNum toRelativeWeekNum toRelativeDayNum toRelativeHourNum "
    "toRelativeMinuteNum toRelativeSecondNum dateDiff date_diff timestampDiff age dateTrunc "
    "date_trunc dateAdd date_add dateSub date_sub timestampAdd timestampSub addYears addQuarters "
    "addMonths addWeeks addDays addHours addMinutes addSeconds addMilliseconds addInterval "
    "subtractYears subtractQuarters subtractMonths subtractWeeks subtractDays subtractHours "
    "subtractMinutes subtractSeconds subtractMilliseconds subtractInterval timeSlot timeSlots "
    "formatDateTime formatDateTimeInJodaSyntax dateName monthName makeDate makeDate32 makeDateTime "
    "makeDateTime64 parseDateTime parseDateTimeOrNull parseDateTimeBestEffort "
    "parseDateTimeBestEffortOrNull parseDateTime64BestEffort parseDateTime64BestEffortOrNull "
    "toIntervalNanosecond toIntervalMicrosecond toIntervalMillisecond toIntervalSecond "
    "toIntervalMinute toIntervalHour toIntervalDay toIntervalWeek toIntervalMonth "
    "toIntervalQuarter toIntervalYear extract tumble hop tumbleStart tumbleEnd hopStart hopEnd "
    "day dayOfMonth dayOfWeek dayOfYear week month quarter year hour minute second millisecond "
    "microsecond nanosecond timestamp current_date current_timestamp curdate localtime "
    "localtimestamp last_day date_format from_unixtime time_bucket date_bin toDaysInMonth "
    "toMicrosecond toNanosecond toYearWeek timeDiff "
    // text
    "empty notEmpty length lengthUTF8 char_length character_length cardinality octet_length "
    "leftPad rightPad lpad rpad lower "
    "upper lowerUTF8 upperUTF8 isValidUTF8 toValidUTF8 repeat space reverse reverseUTF8 concat "
    "concatWithSeparator concat_ws substring substr mid substringUTF8 substringIndex left right "
    "leftUTF8 rightUTF8 appendTrailingCharIfAbsent convertCharset base64Encode base64Decode "
    "tryBase64Decode endsWith startsWith endsWithUTF8 startsWithUTF8 trim trimLeft trimRight "
    "trimBoth ltrim rtrim ascii initcap initcapUTF8 printf position locate positionUTF8 "
    "positionCaseInsensitive positionCaseInsensitiveUTF8 multiSearchAny "
    "multiSearchAnyCaseInsensitive multiSearchFirstIndex match extractAll "
    "extractAllGroupsHorizontal extractAllGroupsVertical extractGroups regexpExtract like notLike "
    "ilike notILike countSubstrings countSubstringsCaseInsensitive countMatches hasToken "
    "hasSubsequence ngramDistance ngramSearch damerauLevenshteinDistance editDistance "
    "levenshteinDistance jaroSimilarity replace replaceOne replaceAll replaceRegexpOne "
    "replaceRegexpAll regexpQuoteMeta translate translateUTF8 splitByChar splitByString "
    "splitByRegexp splitByWhitespace splitByNonAlpha alphaTokens tokens ngrams hex unhex bin unbin "
    "MD5 SHA1 SHA256 cityHash64 sipHash64 xxHash64 murmurHash3_64 CRC32 halfMD5 "
    "formatReadableSize formatReadableQuantity formatReadableTimeDelta formatReadableDecimalSize "
    "parseTimeDelta bar char toJSONString "
    // lists and maps
    "array emptyArrayString emptyArrayInt64 emptyArrayFloat64 range arrayConcat arrayElement "
    "arrayElementOrNull has hasAll hasAny hasSubstr indexOf arrayCount countEqual arrayEnumerate "
    "arrayEnumerateUniq arrayPopBack arrayPopFront arrayPushBack arrayPushFront arrayResize "
    "arraySlice arraySort arrayReverseSort arrayPartialSort arrayUniq arrayDistinct arrayIntersect "
    "arrayUnion arrayReduce arrayReduceInRanges arrayReverse arrayFlatten arrayCompact arrayZip "
    "arrayZipUnaligned arrayMap arrayFilter arrayFill arrayReverseFill arraySplit arrayExists "
    "arrayAll arrayFirst arrayFirstOrNull arrayLast arrayLastOrNull arrayFirstIndex arrayLastIndex "
    "arrayMin arrayMax arraySum arrayAvg arrayCumSum arrayCumSumNonNegative arrayProduct "
    "arrayDifference arrayRotateLeft arrayRotateRight arrayShiftLeft arrayShiftRight "
    "arrayStringConcat arrayJoin arrayFold arrayNormalizedGini arrayRandomSample arrayWithConstant "
    "tuple tupleElement untuple tupleConcat tupleNames map mapFromArrays mapKeys mapValues "
    "mapContains mapContainsKey mapFilter mapApply mapAdd mapSubtract mapSort mapExists mapAll "
    // JSON
    "isValidJSON JSONHas JSONLength JSONKey JSONType JSONExtract JSONExtractBool JSONExtractInt "
    "JSONExtractUInt JSONExtractFloat JSONExtractString JSONExtractRaw JSONExtractKeys "
    "JSONExtractArrayRaw JSONExtractKeysAndValues JSONExtractKeysAndValuesRaw JSON_EXISTS "
    "JSON_QUERY JSON_VALUE simpleJSONExtractString simpleJSONExtractInt simpleJSONHas "
    "visitParamExtractString visitParamExtractInt "
    // addresses and URLs, as text
    "IPv4NumToString IPv4StringToNum IPv4StringToNumOrNull IPv6NumToString IPv6StringToNum "
    "IPv4ToIPv6 IPv4CIDRToRange IPv6CIDRToRange toIPv4 toIPv6 toIPv4OrNull toIPv6OrNull "
    "isIPv4String "
    "isIPv6String isIPAddressInRange IPv4NumToStringClassC domain domainWithoutWWW topLevelDomain "
    "protocol path pathFull queryString fragment port extractURLParameter cutURLParameter "
    "decodeURLComponent encodeURLComponent "
    // over rows
    "arrayJoin row_number rank dense_rank percent_rank cume_dist ntile lag lead lagInFrame "
    "leadInFrame first_value last_value nth_value denseRank percentRank nonNegativeDerivative "
    "exponentialTimeDecayedAvg "
    "exponentialMovingAverage rowNumberInAllBlocks runningDifference neighbor "
    "grouping columns "
    // rows out of nothing
    "numbers generateSeries generate_series ";

// Of these every form with combinators ("…If", "…OrNull", "…State").
constexpr std::string_view kAggregates =
    "count min max sum avg any anyLast anyHeavy any_value argMin argMax stddevPop stddevSamp "
    "varPop "
    "varSamp stddev_pop stddev_samp var_pop var_samp stddevPopStable stddevSampStable covarPop "
    "covarSamp corr covar_pop covar_samp avgWeighted sumWithOverflow sumKahan sumCount sumMap "
    "minMap "
    "maxMap uniq uniqExact uniqCombined uniqCombined64 uniqHLL12 quantile quantiles quantileExact "
    "quantilesExact quantileExactLow quantileExactHigh quantileExactInclusive "
    "quantileExactExclusive quantilesExactInclusive quantilesExactExclusive quantileExactWeighted "
    "quantilesExactWeighted quantileTiming quantilesTiming quantileTDigest quantilesTDigest "
    "quantileBFloat16 "
    "quantileDD quantilesDD quantileDeterministic median medianExact medianTiming medianTDigest "
    "groupArray groupUniqArray groupArrayInsertAt groupArrayMovingAvg groupArrayMovingSum "
    "groupArraySample groupArraySorted groupArrayLast groupConcat groupBitAnd groupBitOr "
    "groupBitXor topK topKWeighted approx_top_k skewPop skewSamp kurtPop kurtSamp "
    "simpleLinearRegression "
    "entropy histogram deltaSum deltaSumTimestamp boundingRatio windowFunnel sequenceMatch "
    "sequenceCount retention rankCorr mannWhitneyUTest studentTTest welchTTest first_value "
    "std stddev min_by max_by array_agg string_agg group_concat sparkbar avg2 "
    "last_value singleValueOrNull intervalLengthSum maxIntersections exponentialMovingAverage ";

constexpr std::array<std::string_view, 14> kCombinators = {
    "If",    "Array",   "Map",      "OrNull", "OrDefault", "Distinct",    "State",
    "Merge", "ForEach", "Resample", "ArgMin", "ArgMax",    "SimpleState", "MergeState"};

constexpr std::string_view kBeforeParenthesis =
    "select distinct on where prewhere having and or not xor in by as from join using over then "
    "else when case between like ilike regexp union all except intersect limit offset with exists "
    "qualify interval sets rollup cube filter array window is div mod global totals "
    "collate ";

constexpr std::string_view kForbidden =
    "insert create alter drop truncate rename exchange attach detach undrop grant revoke kill "
    "optimize backup restore execute outfile infile apply settings explain parallel ";

constexpr std::string_view kFormats =
    "TabSeparated TSV TabSeparatedRaw TSVRaw TabSeparatedWithNames TSVWithNames "
    "TabSeparatedRawWithNames TSVRawWithNames TabSeparatedRawWithNamesAndTypes "
    "TabSeparatedWithNamesAndTypes TSVWithNamesAndTypes CSV CSVWithNames CSVWithNamesAndTypes JSON "
    "JSONStrings JSONColumns JSONColumnsWithMetadata JSONCompact JSONCompactStrings "
    "JSONCompactColumns JSONEachRow JSONStringsEachRow JSONCompactEachRow "
    "JSONCompactEachRowWithNames JSONCompactEachRowWithNamesAndTypes JSONCompactStringsEachRow "
    "JSONCompactStringsEachRowWithNames JSONCompactStringsEachRowWithNamesAndTypes "
    "JSONObjectEachRow "
    "JSONLines NDJSON Native RowBinary RowBinaryWithNames RowBinaryWithNamesAndTypes Values "
    "Vertical "
    "Pretty PrettyCompact PrettyCompactMonoBlock PrettySpace PrettyNoEscapes "
    "PrettyCompactNoEscapes "
    "Markdown XML Parquet Arrow ArrowStream Null ";

// As linewatch-store hands them on in pieces (store/host/http_front.cpp).
constexpr std::string_view kStreamed = "Native RowBinary JSONEachRow CSV TabSeparated ";

using Words = std::unordered_set<std::string>;

Words words_of(std::string_view list, bool lower) {
  Words words;
  for (const std::string& word : split(std::string(list), ' ')) {
    if (!word.empty()) words.insert(lower ? to_lower(word) : word);
  }
  return words;
}

bool is_aggregate(std::string_view name) {
  static const Words kNown = words_of(kAggregates, false);
  static const Words kIgnoringCase = words_of(
      "count min max sum avg any corr median std stddev min_by max_by array_agg string_agg "
      "group_concat",
      false);
  for (int combinators = 0; combinators < 4; ++combinators) {
    if (kNown.contains(std::string(name)) || kIgnoringCase.contains(to_lower(name))) return true;
    const auto* const found = std::ranges::find_if(
        kCombinators, [&](std::string_view combinator) { return name.ends_with(combinator); });
    if (found == kCombinators.end()) return false;
    name.remove_suffix(found->size());
  }
  return false;
}

}  // namespace

bool is_allowed_function(std::string_view name) {
  // Without regard to case: the engine takes only some of them in another one, and refuses the
  // rest.
  static const Words kNown = words_of(kFunctions, true);
  return kNown.contains(to_lower(name)) || is_aggregate(name);
}

bool is_word_before_parenthesis(std::string_view word) {
  static const Words kNown = words_of(kBeforeParenthesis, true);
  return kNown.contains(to_lower(word));
}

bool is_forbidden_word(std::string_view word) {
  static const Words kNown = words_of(kForbidden, true);
  return kNown.contains(to_lower(word));
}

bool is_answer_format(std::string_view name) {
  static const Words kNown = words_of(kFormats, false);
  return kNown.contains(std::string(name));
}

bool is_streamed_format(std::string_view name) {
  static const Words kNown = words_of(kStreamed, false);
  return kNown.contains(std::string(name));
}

}  // namespace lw::server::sql
