"""Names that the methods of a language's own types have: whoever calls them seldom means others.

Only languages whose programs call methods of built-in types all the time; by family (see code.py).
"""

from __future__ import annotations

_PYTHON = """
    add append as_integer_ratio capitalize casefold center clear close copy count decode
    difference discard encode endswith expandtabs extend find flush format format_map fromkeys
    get group groups index insert intersection isalnum isalpha isdigit isdisjoint islower
    isnumeric isspace issubset issuperset istitle isupper items join keys ljust lower lstrip
    maketrans partition pop popitem read readable readline readlines remove removeprefix
    removesuffix replace reverse rfind rindex rjust rpartition rsplit rstrip search seek
    setdefault sort split splitlines startswith strip sub swapcase symmetric_difference tell
    title tobytes tolist translate truncate union update upper values writable write writelines
    zfill send throw match findall finditer exists is_dir is_file mkdir open read_bytes
    read_text resolve rename touch unlink write_bytes write_text glob rglob iterdir stat
    as_posix __init__ __new__ __setattr__ __getattribute__ __delattr__ __init_subclass__ __eq__
    __hash__ __repr__ __str__ __enter__ __exit__ __aenter__ __aexit__ __getitem__ __setitem__
"""
_SCRIPT = """
    add apply at bind call catch charAt charCodeAt clear codePointAt concat copyWithin delete
    endsWith entries every exec fill filter finally find findIndex findLast flat flatMap forEach
    get has hasOwnProperty includes indexOf join keys lastIndexOf localeCompare map match
    matchAll normalize padEnd padStart pop push reduce reduceRight repeat replace replaceAll
    reverse search set shift slice some sort splice split startsWith substr substring test then
    toFixed toISOString toJSON toLocaleString toLowerCase toString toUpperCase trim trimEnd
    trimStart unshift valueOf values
"""
_RUST = """
    all and_then any as_bytes as_deref as_mut as_ref as_slice as_str borrow borrow_mut bytes
    chain chars clone cloned cmp collect contains contains_key copied count default display
    drain entry enumerate eq err exists expect extend extension file_name filter filter_map find
    first flat_map flatten fold get get_mut insert into into_iter is_dir is_empty is_err is_file
    is_none is_ok is_some iter iter_mut join keys last len lines lock map map_err max metadata
    min next ok ok_or ok_or_else or_else parent parse path peek pop position push push_str read
    remove replace rev skip sort sort_by split starts_with sum take to_owned to_string to_vec
    trim unwrap unwrap_or unwrap_or_default unwrap_or_else values write zip
"""
_GO = """
    Add Addr Bytes Cap Close Context Copy Deadline Del Done Elem Encode Err Error Execute Fatal
    Fatalf Field Flush Format Get Header Helper Index Int Int64 IsNil IsZero Key Keys Kind Len
    Less Load Lock LoadOrStore Log Logf Name Next Parse Path Read ReadAll Range RLock RUnlock
    Reset Run Scan Seek Set Skip Store String Sub Swap Sync Type Unix Unlock Unwrap Value Values
    Wait Write WriteHeader WriteString
"""
_JVM = """
    add addAll append apply charAt clear collect compareTo contains containsKey endsWith entrySet
    equals filter find first flatMap fold foldLeft forEach foreach format get getClass getOrDefault
    getOrElse hashCode hasNext indexOf isEmpty isPresent iterator join keySet last length let map
    next nonEmpty of ofNullable orElse put putAll remove replace result run set size sort split
    startsWith stream substring toArray toByte toCharArray toDouble toFloat toInt toList toLong
    toLowerCase toMap toSet toShort toString toUpperCase trim update values
"""
_RUBY = """
    all? any? append call chomp clear collect compact concat count delete detect dig downcase dup
    each each_with_index each_with_object empty? end_with? fetch find first flatten freeze gsub
    include? inject insert inspect is_a? join key? keys last length map match match? max merge
    merge! min new nil? pop push reduce reject replace respond_to? reverse select send shift size
    sort sort_by split start_with? strip sub sum tap to_a to_h to_i to_s to_sym uniq unshift upcase
    update values zip
"""
_C = """
    append assign at back begin c_str capacity cbegin cend clear compare copy count data emplace
    emplace_back empty end erase find find_first_of find_last_of first front get has_value insert
    join length load lock max_size notify_all notify_one open pop pop_back pop_front push push_back
    push_front rbegin read release rend replace reserve reset resize rfind second size store str
    substr swap unlock value wait write
"""
_SWIFT = """
    append compactMap contains count distance dropFirst dropLast enumerated filter first firstIndex
    flatMap forEach formUnion hash hasPrefix hasSuffix index insert isEmpty joined last lowercased
    map max merge merging min popLast prefix reduce remove removeAll removeFirst removeLast
    removeValue replaceSubrange reserveCapacity reversed shuffled sort sorted split subscript
    suffix swapAt union update uppercased withUnsafeBytes write zip
"""
_CSHARP = """
    Add AddRange All Any Append AppendLine AsEnumerable Cast Clear Close CompareTo Concat Contains
    ContainsKey CopyTo Count Dispose Distinct ElementAt EndsWith Equals Except First FirstOrDefault
    Flush ForEach Format GetEnumerator GetHashCode GetType GroupBy IndexOf Insert Intersect Invoke
    Join Last LastOrDefault Max Min MoveNext OfType OrderBy OrderByDescending Peek Pop Push Read
    ReadAsync ReadToEnd Remove RemoveAt Replace Reset Reverse Select SelectMany Single Skip Sort
    Split StartsWith Substring Sum Take ThenBy ToArray ToCharArray ToDictionary ToList ToLower
    ToString ToUpper Trim TryGetValue Union Where Write WriteAsync WriteLine Zip
"""

BUILTIN_METHODS = {
    family: frozenset(names.split())
    for family, names in (
        ("python", _PYTHON),
        ("script", _SCRIPT),
        ("rust", _RUST),
        ("go", _GO),
        ("jvm", _JVM),
        ("ruby", _RUBY),
        ("c", _C),
        ("swift", _SWIFT),
        ("c#", _CSHARP),
    )
}
"""Family of languages → names of methods."""

BUILTIN_OBJECTS = {"script": frozenset({"console", "process", "window", "performance"})}
"""Family of languages → objects that no file has to import."""
