// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "kql/scalar.h"

namespace lw::kql {

/// Conversions between types, total: what cannot be converted is null. The names of the results are
/// kept, as Kusto keeps them through its conversion functions.

Scalar to_text(const Scalar& value);     ///< tostring()
Scalar to_long(const Scalar& value);     ///< tolong()
Scalar to_int(const Scalar& value);      ///< toint()
Scalar to_real(const Scalar& value);     ///< todouble()
Scalar to_boolean(const Scalar& value);  ///< tobool()
Scalar to_datetime(const Scalar& value);
Scalar to_timespan(const Scalar& value);
Scalar to_guid(const Scalar& value);
Scalar to_dynamic(const Scalar& value);
/// The conversion to that type.
Scalar convert(const Scalar& value, Type type);

/// JSON text of a value, 'null' for null; never NULL.
std::string json_of(const Scalar& value);

/// Without a conversion function only some types become others: int to long to real, and dynamic
/// to anything. Nothing if it is not allowed.
std::optional<Scalar> coerce(const Scalar& value, Type type);

/// A constant as an expression.
Scalar scalar_of(Constant constant);
/// `sql` of that type; what is NULL only if one of `from` is, is as nullable as they.
Scalar make_scalar(Type type, std::string sql, bool is_nullable);
/// A column as it is.
Scalar scalar_of_column(const Column& column);

}  // namespace lw::kql
