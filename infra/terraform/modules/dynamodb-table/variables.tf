variable "name" {
  description = "Name of the table"
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.name))
    error_message = "The name of a table has 3 to 255 letters, digits, dots, dashes and underscores."
  }
}

variable "hash_key" {
  description = "The attribute that items are found by"
  type        = string
}

variable "range_key" {
  description = "The attribute that items of one hash key are ordered by, if any"
  type        = string
  default     = null
}

variable "attributes" {
  description = "Every attribute that a key or an index names, with its type: S, N or B"
  type = list(object({
    name = string
    type = string
  }))

  validation {
    condition     = alltrue([for each in var.attributes : contains(["S", "N", "B"], each.type)])
    error_message = "An attribute of a key is S (text), N (a number) or B (bytes)."
  }
}

variable "indexes" {
  description = "Global secondary indexes"
  type = list(object({
    name       = string
    hash_key   = string
    range_key  = optional(string)
    projection = optional(string, "ALL")
  }))
  default = []
}

variable "ttl_attribute" {
  description = "The attribute whose time deletes the whole item; null for none"
  type        = string
  default     = null
}

variable "billing_mode" {
  description = "Billing mode (PROVISIONED or PAY_PER_REQUEST)"
  type        = string
  default     = "PAY_PER_REQUEST"

  validation {
    condition     = contains(["PROVISIONED", "PAY_PER_REQUEST"], var.billing_mode)
    error_message = "billing_mode is PROVISIONED or PAY_PER_REQUEST."
  }
}

variable "read_capacity" {
  description = "Read capacity units (PROVISIONED only)"
  type        = number
  default     = 5

  validation {
    condition     = var.read_capacity >= 1
    error_message = "read_capacity is 1 unit at the least."
  }
}

variable "write_capacity" {
  description = "Write capacity units (PROVISIONED only)"
  type        = number
  default     = 5

  validation {
    condition     = var.write_capacity >= 1
    error_message = "write_capacity is 1 unit at the least."
  }
}

variable "index_read_capacity" {
  description = "Read capacity units of each index (PROVISIONED only)"
  type        = number
  default     = 5
}

variable "index_write_capacity" {
  description = "Write capacity units of each index (PROVISIONED only)"
  type        = number
  default     = 5
}

variable "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of the last 35 days"
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted"
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "ARN of the KMS key for encryption; null for the key that AWS manages in the account"
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a KMS key: arn:aws:kms:…"
  }
}

variable "enable_streams" {
  description = "Whether changes are streamed, with the item before and after"
  type        = bool
  default     = false
}

variable "replica_regions" {
  description = "Other regions that hold a copy (a global table). Read docs/operations.md first: the last writer wins there"
  type        = list(string)
  default     = []
}

variable "alarm_actions" {
  description = "List of ARNs to notify when alarms trigger"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.alarm_actions : startswith(each, "arn:")])
    error_message = "alarm_actions are ARNs, such as those of SNS topics."
  }
}

variable "alarms" {
  description = "Whether the table has alarms"
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags to apply to all resources"
  type        = map(string)
  default     = {}
}
