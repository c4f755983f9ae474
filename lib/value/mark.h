#include "base/mark.h"
